package wms

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxReason is how many characters of cancelReason the vendor takes.
const MaxReason = 250

// Order names one warehouse order to cancel, with what goes into the request.
type Order struct {
	WarehouseCode string
	OrderCode     string
	OrderType     string
	CancelReason  string
	// OwnerCode and OrderID exist in the Qimen dialects only.
	OwnerCode   string
	OrderID     string
	ExtendProps map[string]string
}

// CharacterError reports a text that XML 1.0 cannot carry (https://www.w3.org/TR/xml/#charsets), escaped or not.
type CharacterError struct {
	// Field is the vendor's name of the element.
	Field string
	// At is the byte offset of the offending character.
	At int
}

func (e *CharacterError) Error() string {
	return fmt.Sprintf("%s holds a character at byte %d that XML 1.0 forbids", e.Field, e.At)
}

// NameError reports a key of extendProps that cannot be the name of an element.
type NameError struct{ Key string }

func (e *NameError) Error() string {
	return fmt.Sprintf("extendProps key %q cannot be an XML element name", e.Key)
}

// appendBody appends the request document. Nothing but the five characters that need it is escaped, and a carriage
// return, which a parser would otherwise turn into a line feed; so what a strict parser reads back is what went in.
func appendBody(dst []byte, o Order) (body []byte, cut bool, err error) {
	dst = append(dst, "<request>"...)
	fields := [...]struct {
		name, value string
		always      bool
	}{
		{"warehouseCode", o.WarehouseCode, true},
		{"ownerCode", o.OwnerCode, false},
		{"orderCode", o.OrderCode, true},
		{"orderId", o.OrderID, false},
		{"orderType", o.OrderType, true},
		{"cancelReason", o.CancelReason, false},
	}
	for _, f := range fields {
		if f.value == "" && !f.always {
			continue
		}
		if at := forbidden(f.value); at >= 0 {
			return nil, false, &CharacterError{Field: f.name, At: at}
		}
		if f.name == "cancelReason" {
			f.value, cut = cutReason(f.value)
		}
		dst = appendElement(dst, f.name, f.value)
	}
	if dst, err = appendExtend(dst, o.ExtendProps); err != nil {
		return nil, false, err
	}
	return append(dst, "</request>"...), cut, nil
}

// appendExtend writes extendProps as one element a key, in order of the keys, and nothing when there are none.
func appendExtend(dst []byte, props map[string]string) ([]byte, error) {
	if len(props) == 0 {
		return dst, nil
	}
	keys := make([]string, 0, len(props))
	for key := range props {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	dst = append(dst, "<extendProps>"...)
	for _, key := range keys {
		if !elementName(key) {
			return nil, &NameError{Key: key}
		}
		if at := forbidden(props[key]); at >= 0 {
			return nil, &CharacterError{Field: "extendProps." + key, At: at}
		}
		dst = appendElement(dst, key, props[key])
	}
	return append(dst, "</extendProps>"...), nil
}

func appendElement(dst []byte, name, value string) []byte {
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = append(dst, '>')
	for i := range len(value) {
		switch c := value[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '\r':
			dst = append(dst, "&#13;"...)
		default:
			dst = append(dst, c)
		}
	}
	dst = append(dst, "</"...)
	dst = append(dst, name...)
	return append(dst, '>')
}

// forbidden answers the offset of the first character that is not an XML 1.0 Char, or -1.
func forbidden(s string) int {
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		case r >= 0x20 && r <= 0xD7FF, r == '\t', r == '\n', r == '\r':
		case r >= 0xE000 && r <= 0xFFFD, r >= 0x10000:
		default:
			return i
		}
	}
	return -1
}

// cutReason keeps the first MaxReason characters.
func cutReason(s string) (string, bool) {
	if len(s) <= MaxReason {
		return s, false
	}
	n := 0
	for i := range s {
		if n == MaxReason {
			return s[:i], true
		}
		n++
	}
	return s, false
}

// elementName accepts ASCII names without a colon, which is all that the contract lets through.
func elementName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}
