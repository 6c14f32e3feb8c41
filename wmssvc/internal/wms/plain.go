package wms

import "bytes"

// plainAnswer reads the form that nearly every answer has: flat elements without attributes, holding plain text. It says
// false for anything else, valid or not, which the general parser then reads; where it says true the two agree (see
// FuzzPlainAnswer). The general parser's 7 µs were a tenth of all that a cancel costs us.
func plainAnswer(text []byte) (Answer, bool) {
	for _, declaration := range plainDeclarations {
		if rest, ok := bytes.CutPrefix(text, declaration); ok {
			text = rest
			break
		}
	}
	text, ok := bytes.CutPrefix(trimStart(text), plainRoot)
	if !ok {
		return Answer{}, false
	}
	var s slots
	for {
		text = trimStart(text)
		if rest, ok := bytes.CutPrefix(text, plainEnd); ok {
			if len(trimStart(rest)) > 0 {
				return Answer{}, false
			}
			answer, err := s.finish()
			return answer, err == nil
		}
		var name, value []byte
		if name, value, text, ok = plainElement(text); !ok {
			return Answer{}, false
		}
		place, err := s.place(string(name))
		if err != nil {
			return Answer{}, false
		}
		if place != nil {
			*place = string(value)
		}
	}
}

var (
	plainDeclarations = [][]byte{[]byte(`<?xml version="1.0" encoding="utf-8"?>`), []byte(`<?xml version="1.0" encoding="UTF-8"?>`)}
	plainRoot         = []byte("<response>")
	plainEnd          = []byte("</response>")
)

// plainElement takes <name>value</name> off the front.
func plainElement(text []byte) (name, value, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '<' {
		return nil, nil, nil, false
	}
	end := bytes.IndexByte(text, '>')
	if end < 2 {
		return nil, nil, nil, false
	}
	name, text = text[1:end], text[end+1:]
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return nil, nil, nil, false
		}
	}
	end = bytes.IndexByte(text, '<')
	if end < 0 {
		return nil, nil, nil, false
	}
	value, text = text[:end], text[end:]
	for _, c := range value {
		// Escapes, the end of a CDATA section, line ends to be normalised, characters that XML forbids.
		if c == '&' || c == ']' || c < ' ' && c != '\t' && c != '\n' {
			return nil, nil, nil, false
		}
	}
	if bytes.Contains(value, lastOfPlane) {
		return nil, nil, nil, false
	}
	if len(text) < len(name)+3 || text[1] != '/' || !bytes.Equal(text[2:2+len(name)], name) || text[2+len(name)] != '>' {
		return nil, nil, nil, false
	}
	return name, value, text[len(name)+3:], true
}

// lastOfPlane begins the UTF-8 of U+FFC0 to U+FFFF, the last two of which XML forbids.
var lastOfPlane = []byte{0xEF, 0xBF}

func trimStart(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }
