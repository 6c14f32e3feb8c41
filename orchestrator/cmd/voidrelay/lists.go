package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/voidrelay/voidrelay/internal/visible"
)

// numbersOf are the bill numbers of a text that somebody pasted or saved, each once, in their order: between commas,
// semicolons, tabs and ends of lines, Chinese ones too. What is wider than it need be becomes narrow, and quotes of a
// spreadsheet, and what nobody sees, are left out.
func numbersOf(text string) []string {
	var numbers []string
	seen := map[string]bool{}
	for part := range strings.FieldsFuncSeq(text, separates) {
		number := narrow(part)
		if number != "" && !strings.HasPrefix(number, "#") && !seen[number] {
			seen[number] = true
			numbers = append(numbers, number)
		}
	}
	return numbers
}

func separates(r rune) bool {
	return strings.ContainsRune(",，、;；\t\r\n\v\f\u0085\u2028\u2029", r)
}

// narrow is a number as Kingdee writes it.
func narrow(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000' || r == '\u00a0':
			return ' '
		case visible.Hidden(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if len(text) > 1 && text[0] == '"' && strings.HasSuffix(text, `"`) {
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	return strings.TrimPrefix(text, "'")
}

// spellings are a number as it was typed and in one case, since bills are found by the very number.
func spellings(number string) []string {
	all := []string{number}
	for _, other := range []string{strings.ToUpper(number), strings.ToLower(number)} {
		if other != number {
			all = append(all, other)
		}
	}
	return all
}

// textOf is a file as text: UTF-8, or UTF-16 with the first two bytes that Excel and Windows write.
func textOf(content []byte) string {
	for begin, order := range map[string]binary.ByteOrder{
		"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian,
	} {
		if rest, ok := bytes.CutPrefix(content, []byte(begin)); ok {
			units := make([]uint16, len(rest)/2)
			for i := range units {
				units[i] = order.Uint16(rest[2*i:])
			}
			return string(utf16.Decode(units))
		}
	}
	return strings.TrimLeftFunc(string(content), func(r rune) bool { return r == '\ufeff' || unicode.IsSpace(r) })
}
