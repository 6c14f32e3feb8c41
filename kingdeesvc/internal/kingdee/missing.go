package kingdee

import (
	"slices"
	"strings"
	"unicode"
)

// codeNotThere is the MsgCode of a field or value that does not exist.
const codeNotThere = 9

// nameFields finds out which keys a "no such field" is about. MsgCode 9 says it in every language, and so does the
// known sentence of a server that gives no code; of the text only the keys that were asked for are read, as whole
// words.
func (f *Fault) nameFields(asked []string) {
	if f.Code != codeNotThere && f.Class != FieldUnknown || f.Class == FormUnknown || f.Class == SessionLost {
		return
	}
	for _, word := range words(f.Message + " " + f.said) {
		for _, key := range asked {
			if names(word, key) && !slices.Contains(f.Fields, key) {
				f.Fields = append(f.Fields, key)
			}
		}
	}
	if len(f.Fields) > 0 {
		f.Class, f.Field = FieldUnknown, f.Fields[0]
	}
}

// names says whether a word stands for a key: FLOT for FLOT.FNumber too.
func names(word, key string) bool {
	root, _, _ := strings.Cut(key, ".")
	return strings.EqualFold(word, key) || strings.EqualFold(word, root)
}

// words are the parts of a text that may be keys: letters, digits and underscores, with dots between. A letter of
// another alphabet goes on with a word, as in ÜFRowType; those of scripts that put no blanks between words do not.
func words(text string) []string {
	found := strings.FieldsFunc(text, func(c rune) bool {
		return c != '_' && c != '.' &&
			!unicode.In(c, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Nd, unicode.Inherited)
	})
	for i, word := range found {
		found[i] = strings.Trim(word, ".")
	}
	return found
}
