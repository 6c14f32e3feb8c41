package wms

import (
	"bytes"
	"strings"
)

// plainAnswer reads the form that nearly every answer has: flat elements without attributes, holding plain text. It
// says false for anything else, valid or not, which the general parser then reads; where it says true the two agree
// (see FuzzPlainAnswer). The general parser's 7 µs were a tenth of all that a cancel costs us.
func plainAnswer(document []byte) (Answer, bool) {
	elements, ok := bytes.CutPrefix(bytes.TrimLeft(document[len(plainDeclaration(document)):], blanks), plainRoot)
	if !ok {
		return Answer{}, false
	}
	// One copy, of which the values are parts.
	text := string(elements)
	var s slots
	for {
		text = trimStart(text)
		if rest, ok := strings.CutPrefix(text, plainEnd); ok {
			if len(trimStart(rest)) > 0 {
				return Answer{}, false
			}
			answer, err := s.finish()
			return answer, err == nil
		}
		var name, value string
		if name, value, text, ok = plainElement(text); !ok {
			return Answer{}, false
		}
		place, err := s.place(name)
		if err != nil {
			return Answer{}, false
		}
		if place != nil {
			*place = value
		}
	}
}

var (
	plainDeclarations = [][]byte{
		[]byte(`<?xml version="1.0" encoding="utf-8"?>`), []byte(`<?xml version="1.0" encoding="UTF-8"?>`),
	}
	plainRoot = []byte("<response>")
)

const (
	plainEnd = "</response>"
	blanks   = " \t\r\n"
)

// plainDeclaration answers the declaration that the document begins with, nil where it is not one of the usual.
func plainDeclaration(document []byte) []byte {
	for _, declaration := range plainDeclarations {
		if bytes.HasPrefix(document, declaration) {
			return declaration
		}
	}
	return nil
}

// plainElement takes <name>value</name> off the front.
func plainElement(text string) (name, value, rest string, ok bool) {
	if len(text) == 0 || text[0] != '<' {
		return "", "", "", false
	}
	end := strings.IndexByte(text, '>')
	if end < 2 {
		return "", "", "", false
	}
	name, text = text[1:end], text[end+1:]
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return "", "", "", false
		}
	}
	end = strings.IndexByte(text, '<')
	if end < 0 {
		return "", "", "", false
	}
	value, text = text[:end], text[end:]
	for i := range len(value) {
		// Escapes, the end of a CDATA section, line ends to be normalised, characters that XML forbids.
		if c := value[i]; c == '&' || c == ']' || c < ' ' && c != '\t' && c != '\n' {
			return "", "", "", false
		}
	}
	if strings.Contains(value, lastOfPlane) {
		return "", "", "", false
	}
	if len(text) < len(name)+3 || text[1] != '/' || text[2:2+len(name)] != name || text[2+len(name)] != '>' {
		return "", "", "", false
	}
	return name, value, text[len(name)+3:], true
}

// lastOfPlane begins the UTF-8 of U+FFC0 to U+FFFF, the last two of which XML forbids.
const lastOfPlane = "\xEF\xBF"

func trimStart(s string) string { return strings.TrimLeft(s, blanks) }
