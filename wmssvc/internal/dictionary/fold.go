package dictionary

import (
	"strings"
	"unicode"
)

// fold brings a text into the form in which texts are compared: no blanks, lower case, full-width letters, digits and
// punctuation (U+FF01 to U+FF5E) as their ASCII forms.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			r -= 0xFEE0
		}
		switch {
		case unicode.IsSpace(r):
			return -1
		case r == '【':
			return '['
		case r == '】':
			return ']'
		case r == '“', r == '”':
			return '"'
		default:
			return unicode.ToLower(r)
		}
	}, s)
}
