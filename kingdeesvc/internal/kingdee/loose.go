package kingdee

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// loose is a JSON object whose members are read whatever their type and the case of their names: serialisers differ in both,
// and what only informs must not decide whether an answer can be read. Nil has no members.
type loose map[string]json.RawMessage

// readLoose answers nil for what is no object.
func readLoose(raw json.RawMessage) loose {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	object := make(loose, len(members))
	for name, value := range members {
		object[strings.ToLower(name)] = value
	}
	return object
}

// at is a member by its name in lower case; nil where there is none, or null.
func (l loose) at(name string) json.RawMessage {
	if raw := l[name]; string(raw) != "null" {
		return raw
	}
	return nil
}

func (l loose) object(name string) loose           { return readLoose(l.at(name)) }
func (l loose) text(name string) string            { return looseText(l.at(name)) }
func (l loose) whole(name string) (int64, bool)    { return looseWhole(l.at(name)) }
func (l loose) truth(name string) (truth bool)     { return looseTruth(l.at(name)) }
func (l loose) list(name string) []json.RawMessage { return looseList(l.at(name)) }

// looseText is a text, the digits of a number, true or false, or the first language's text of a list of Key and Value;
// of anything else it is empty.
func looseText(raw json.RawMessage) string {
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) == nil {
		return text
	}
	switch raw[0] {
	case '[':
		for _, element := range looseList(raw) {
			if text := looseText(element); text != "" {
				return text
			}
		}
		return ""
	case '{':
		return looseText(readLoose(raw).at("value"))
	case 'n':
		return ""
	}
	if n, ok := looseWhole(raw); ok {
		return strconv.FormatInt(n, 10)
	}
	return string(raw)
}

// looseWhole is a whole number, also where it was written as text, as 1.0 or as 2.88E+11.
func looseWhole(raw json.RawMessage) (int64, bool) {
	digits := strings.TrimSpace(strings.Trim(string(raw), `"`))
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, true
	}
	if about, err := strconv.ParseFloat(digits, 64); err != nil || math.Abs(about) > 1<<62 || math.IsNaN(about) || math.Abs(about) < 1 && about != 0 {
		return 0, false
	}
	exact, ok := new(big.Rat).SetString(digits)
	if !ok || !exact.IsInt() {
		return 0, false
	}
	return exact.Num().Int64(), true
}

// looseTruth is true, also as text, or 1.
func looseTruth(raw json.RawMessage) bool {
	word := strings.Trim(string(raw), `"`)
	return strings.EqualFold(word, "true") || word == "1"
}

// looseList is a list's elements; what is no list is one of one element.
func looseList(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &list) == nil {
		return list
	}
	return []json.RawMessage{raw}
}

// LooseText is a text that a serialiser wrote as a list of languages or as an object with a Value; false where it is none.
func LooseText(raw string) (string, bool) {
	message := json.RawMessage(raw)
	for _, element := range looseList(message) {
		if readLoose(element).at("value") == nil {
			return "", false
		}
	}
	return looseText(message), true
}
