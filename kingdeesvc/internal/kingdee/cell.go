package kingdee

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Kind is what a cell of a row is made of.
type Kind uint8

const (
	// Null is also the zero value.
	Null Kind = iota
	// Text is a JSON string; dates come as text too.
	Text
	// Number is a JSON number.
	Number
	// Bool is true or false.
	Bool
	// Other is an object or an array; genuine rows have none (kingdee-go/k3cloud and G12's response parser agree).
	Other
)

// Cell is one value of a row. Text holds the string of a Text, the digits of a Number exactly as they were written,
// "true" or "false" of a Bool and the raw JSON of an Other.
type Cell struct {
	Kind Kind
	Text string
}

// UnmarshalJSON reads one JSON value; numbers keep their digits.
func (c *Cell) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case 'n':
		*c = Cell{}
	case 't', 'f':
		*c = Cell{Kind: Bool, Text: string(raw)}
	case '{', '[':
		*c = Cell{Kind: Other, Text: string(raw)}
	case '"':
		text := raw[1 : len(raw)-1]
		if bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
			*c = Cell{Kind: Text, Text: string(text)}
			return nil
		}
		var unescaped string
		if err := json.Unmarshal(raw, &unescaped); err != nil {
			return err
		}
		*c = Cell{Kind: Text, Text: unescaped}
	default:
		*c = Cell{Kind: Number, Text: string(raw)}
	}
	return nil
}
