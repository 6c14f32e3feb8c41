package filter

import (
	"fmt"
	"strings"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenText
	tokenNumber
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
	pos  int
}

// is reports whether the token is this keyword, in any case.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

func (t token) symbol(text string) bool { return t.kind == tokenSymbol && t.text == text }

// SyntaxError is a filter that cannot be read; Pos is the byte it failed at.
type SyntaxError struct {
	Pos    int
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("filter: position %d: %s", e.Pos, e.Reason)
}

func tokenize(text string) ([]token, error) {
	var tokens []token
	for pos := 0; pos < len(text); {
		c := text[pos]
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			pos++
			continue
		}
		next, err := scan(text, pos)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, next.token)
		pos = next.end
	}
	return append(tokens, token{kind: tokenEnd, pos: len(text)}), nil
}

type scanned struct {
	token token
	end   int
}

func scan(text string, pos int) (scanned, error) {
	c := text[pos]
	switch {
	case c == '\'':
		return scanText(text, pos)
	case (c == 'N' || c == 'n') && strings.HasPrefix(text[pos+1:], "'"):
		return scanText(text, pos+1)
	case isDigit(c) || c == '-' && pos+1 < len(text) && isDigit(text[pos+1]):
		return scanNumber(text, pos), nil
	case isWordStart(c):
		end := pos + 1
		for end < len(text) && isWordPart(text[end]) {
			end++
		}
		return scanned{token{tokenWord, text[pos:end], pos}, end}, nil
	}
	for _, symbol := range []string{"<>", "<=", ">=", "=", "<", ">", "(", ")", ","} {
		if strings.HasPrefix(text[pos:], symbol) {
			return scanned{token{tokenSymbol, symbol, pos}, pos + len(symbol)}, nil
		}
	}
	return scanned{}, &SyntaxError{pos, fmt.Sprintf("unexpected character %q", c)}
}

// scanText reads a quoted text that starts at pos; a doubled quote stands for one.
func scanText(text string, pos int) (scanned, error) {
	var b strings.Builder
	for i := pos + 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return scanned{token{tokenText, b.String(), pos}, i + 1}, nil
	}
	return scanned{}, &SyntaxError{pos, "text without a closing quote"}
}

func scanNumber(text string, pos int) scanned {
	end := pos + 1
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	if end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) {
		end++
		for end < len(text) && isDigit(text[end]) {
			end++
		}
	}
	return scanned{token{tokenNumber, text[pos:end], pos}, end}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '.' }
