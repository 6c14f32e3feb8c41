// Package loose reads JSON whose fields may have any type and any case: serialisers differ in both, and what only
// informs must not decide whether an answer can be read.
//
// It promises never to guess: what cannot be read as what is asked for is absent.
package loose

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Object is a JSON object whose members are read whatever their type and the case of their names. Nil has no members.
type Object map[string]json.RawMessage

// Read answers nil for what is no object.
func Read(raw json.RawMessage) Object {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	object := make(Object, len(members))
	for name, value := range members {
		object[strings.ToLower(name)] = value
	}
	return object
}

// At is a member by its name in lower case; nil where there is none, or null.
func (o Object) At(name string) json.RawMessage {
	if raw := o[name]; string(raw) != "null" {
		return raw
	}
	return nil
}

// Object is a member that is an object; nil for any other.
func (o Object) Object(name string) Object { return Read(o.At(name)) }

// Text is a member as the function Text reads it.
func (o Object) Text(name string) string { return Text(o.At(name)) }

// Whole is a member as the function Whole reads it.
func (o Object) Whole(name string) (int64, bool) { return Whole(o.At(name)) }

// Truth is a member as the function Truth reads it.
func (o Object) Truth(name string) bool { return Truth(o.At(name)) }

// List is a member as the function List reads it.
func (o Object) List(name string) []json.RawMessage { return List(o.At(name)) }

// Text is a text, the digits of a number, true or false, or the first language's text of a list of Key and Value;
// of anything else it is empty.
func Text(raw json.RawMessage) string {
	var text string
	if !json.Valid(raw) || json.Unmarshal(raw, &text) == nil {
		return text
	}
	raw = bytes.TrimSpace(raw)
	switch raw[0] {
	case '[':
		for _, element := range List(raw) {
			if text := Text(element); text != "" {
				return text
			}
		}
		return ""
	case '{':
		return Text(Read(raw).At("value"))
	case 'n':
		return ""
	}
	if n, ok := Whole(raw); ok {
		return strconv.FormatInt(n, 10)
	}
	return string(raw)
}

// exact is the size below which every whole number is a float64 of its own.
const exact = 1 << 53

// Whole is a whole number, also where it was written as text, as 1.0 or as 2.88E+11.
func Whole(raw json.RawMessage) (int64, bool) {
	digits := strings.TrimSpace(strings.Trim(string(raw), `"`))
	if before, zeros, ok := strings.Cut(digits, "."); ok && strings.Trim(zeros, "0") == "" {
		digits = before
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, true
	}
	about, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.Abs(about) >= exact || about != math.Trunc(about) || strings.ContainsAny(digits, "xX_") {
		return 0, false
	}
	return int64(about), true
}

// Truth is true, also as text, or 1.
func Truth(raw json.RawMessage) bool {
	word := strings.Trim(string(raw), `"`)
	return strings.EqualFold(word, "true") || word == "1"
}

// List is a list's elements; what is no list is one of one element.
func List(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if !json.Valid(raw) || json.Unmarshal(raw, &list) == nil {
		return list
	}
	return []json.RawMessage{raw}
}

// Plain is a text that a serialiser wrote as a list of languages or as an object with a Value; false where it is none.
// alike says whether it is the same in all of them.
func Plain(raw string) (text string, plain, alike bool) {
	message := json.RawMessage(raw)
	text, alike = Text(message), true
	for _, element := range List(message) {
		value := Read(element).At("value")
		if value == nil {
			return "", false, false
		}
		alike = alike && Text(value) == text
	}
	return text, true, alike
}
