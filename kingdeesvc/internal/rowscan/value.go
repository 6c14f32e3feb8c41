package rowscan

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// blank skips white space.
func blank(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// value reads the value that begins at i and says where it ends. A value that reaches the end of s may go on behind it.
func value(s string, i int) (Cell, int, error) {
	switch s[i] {
	case '"':
		return text(s, i)
	case 'n':
		end, err := literal(s, i, "null")
		return Cell{}, end, err
	case 't':
		end, err := literal(s, i, "true")
		return Cell{Bool, "true"}, end, err
	case 'f':
		end, err := literal(s, i, "false")
		return Cell{Bool, "false"}, end, err
	case '{', '[':
		return nested(s, i)
	}
	return number(s, i)
}

func literal(s string, i int, want string) (int, error) {
	if strings.HasPrefix(s[i:], want) {
		return i + len(want), nil
	}
	if strings.HasPrefix(want, s[i:]) {
		return 0, errMore
	}
	return 0, ErrSyntax
}

// The bytes that a plain text may not be taken over with as it stands.
const (
	plain = iota
	quote
	escape
	control
	wide
)

var class = func() (table [256]uint8) {
	for c := range table {
		switch {
		case c == '"':
			table[c] = quote
		case c == '\\':
			table[c] = escape
		case c < ' ':
			table[c] = control
		case c >= utf8.RuneSelf:
			table[c] = wide
		}
	}
	return table
}()

// text reads a string; one with escapes or broken UTF-8 is left to encoding/json.
func text(s string, i int) (Cell, int, error) {
	hard, broad := false, false
	for at := i + 1; at < len(s); at++ {
		switch class[s[at]] {
		case quote:
			inner := s[i+1 : at]
			if !hard && (!broad || utf8.ValidString(inner)) {
				return Cell{Text, inner}, at + 1, nil
			}
			var unescaped string
			if json.Unmarshal([]byte(s[i:at+1]), &unescaped) != nil {
				return Cell{}, 0, ErrSyntax
			}
			if strings.IndexByte(unescaped, 0) >= 0 {
				return Cell{Unfit, unescaped}, at + 1, nil
			}
			return Cell{Text, unescaped}, at + 1, nil
		case escape:
			hard = true
			at++
		case control:
			return Cell{}, 0, ErrSyntax
		case wide:
			broad = true
		}
	}
	return Cell{}, 0, errMore
}

// number reads -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?.
func number(s string, i int) (Cell, int, error) {
	at := i
	if s[at] == '-' {
		at++
	}
	switch end := digits(s, at); {
	case end == at && at < len(s):
		return Cell{}, 0, ErrSyntax
	case end > at+1 && s[at] == '0':
		return Cell{}, 0, ErrSyntax
	default:
		at = end
	}
	if at < len(s) && s[at] == '.' {
		end := digits(s, at+1)
		if end == at+1 && end < len(s) {
			return Cell{}, 0, ErrSyntax
		}
		at = end
	}
	if at < len(s) && (s[at] == 'e' || s[at] == 'E') {
		at++
		if at < len(s) && (s[at] == '+' || s[at] == '-') {
			at++
		}
		end := digits(s, at)
		if end == at && end < len(s) {
			return Cell{}, 0, ErrSyntax
		}
		at = end
	}
	if at == len(s) {
		return Cell{}, 0, errMore
	}
	return Cell{Number, s[i:at]}, at, nil
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// nested takes an object or an array as it stands.
func nested(s string, i int) (Cell, int, error) {
	depth, inText := 0, false
	for at := i; at < len(s); at++ {
		c := s[at]
		switch {
		case inText && c == '\\':
			at++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth--; depth == 0 {
				if raw := s[i : at+1]; json.Valid([]byte(raw)) {
					return Cell{Other, raw}, at + 1, nil
				}
				return Cell{}, 0, ErrSyntax
			}
		}
	}
	return Cell{}, 0, errMore
}
