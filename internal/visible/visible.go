// Package visible shows texts of others as they are, and lets them do nothing else: a bill's number, a vendor's answer
// or a person's reason may hold signs that move the cursor of a terminal, colour it, turn the direction of writing, or
// cannot be seen. Whatever prints for people or writes lines of a log goes through here.
package visible

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Hidden says whether a sign has no shape of its own: controls (C0, DEL, C1), formats (directions of writing, what has
// no width, tags) and the separators of lines and paragraphs.
func Hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Control says whether a sign is a control that no text of a person has: C0 but for tab and the ends of lines, DEL, C1.
func Control(r rune) bool {
	return unicode.Is(unicode.Cc, r) && r != '\t' && r != '\n' && r != '\r'
}

// Text is a text on one line: each hidden sign stands as JSON escapes it, such as \u001b or \n, and what is no UTF-8 as
// U+FFFD. A text without either is answered as it is.
func Text(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, Hidden) {
		return text
	}
	return escaped(text, "")
}

// Cell is a text as a spreadsheet may take it: on one line as Text has it, and never a formula. One that would be one
// has ' in front of it, by which spreadsheets know a text; a number that is below zero has not.
func Cell(text string) string {
	text = Text(text)
	begin := strings.TrimLeft(text, " 　 ")
	if begin == "" || !strings.ContainsRune("=+-@＝＋－＠", firstRune(begin)) || number.MatchString(text) {
		return text
	}
	return "'" + text
}

var number = regexp.MustCompile(`^-[0-9]+(\.[0-9]+)?$`)

func firstRune(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// Writer writes to out what it is given, with hidden signs escaped as Text does, but for tabs and ends of lines, which
// whoever prints puts there himself. What JSON says stays the same, for none of its own signs is hidden. Each Write is
// a whole text: one that ends within a character is no UTF-8.
func Writer(out io.Writer) io.Writer { return &writer{out} }

// JSON is a JSON document with the hidden signs within its texts escaped; it says the same.
func JSON(document []byte) []byte {
	if utf8.Valid(document) && !bytes.ContainsFunc(document, Hidden) {
		return document
	}
	return []byte(escaped(string(document), "\t\n"))
}

type writer struct{ out io.Writer }

// Write implements io.Writer.
func (w *writer) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.out, escaped(string(text), "\t\n")); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escaped escapes each hidden sign that is not in keep.
func escaped(text, keep string) string {
	var out strings.Builder
	out.Grow(len(text))
	for _, r := range text { // what is no UTF-8 is U+FFFD here
		switch {
		case !Hidden(r) || strings.ContainsRune(keep, r):
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
