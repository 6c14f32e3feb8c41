package wire

import (
	"bytes"
	"encoding/xml"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// render writes an answer as the vendor's recorded ones look: a lower-case declaration, CRLF, flag, code,
// message, CRLF.
func render(v warehouse.Decision, d *dialect, p *behaviour.Personality) []byte {
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
	element(&b, "flag", v.Flag)
	if code, present := v.CodeElement(p); present {
		element(&b, "code", code)
	}
	if p.TextElement == "message" || p.TextElement == "both" {
		element(&b, "message", v.Message(d.prefix))
	}
	if p.TextElement == "msg" || p.TextElement == "both" {
		element(&b, "msg", v.Message(d.prefix))
	}
	b.WriteString("</response>" + end)
	return b.Bytes()
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes everything
	b.WriteString("</" + name + ">")
}
