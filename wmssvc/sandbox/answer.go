package sandbox

import (
	"bytes"
	"encoding/xml"
)

// render writes an answer as the vendor's recorded ones look: a lower-case declaration, CRLF, flag, code, message, CRLF.
func render(v decision, d *dialect, p *Personality) []byte {
	var b bytes.Buffer
	b.Grow(256)
	end := "\r\n"
	if p.LineEnds == "none" {
		end = ""
	}
	switch p.Declaration {
	case "lower":
		b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + end)
	case "upper":
		b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + end)
	}
	b.WriteString("<response>")
	element(&b, "flag", v.flag)
	if code, present := v.codeElement(p); present {
		element(&b, "code", code)
	}
	if p.TextElement == "message" || p.TextElement == "both" {
		element(&b, "message", v.message(d.prefix))
	}
	if p.TextElement == "msg" || p.TextElement == "both" {
		element(&b, "msg", v.message(d.prefix))
	}
	b.WriteString("</response>" + end)
	return b.Bytes()
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes everything
	b.WriteString("</" + name + ">")
}
