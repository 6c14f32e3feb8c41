package store

import "strings"

// clean makes any text storable: NUL and invalid UTF-8, which Postgres refuses, become U+FFFD.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// escapeNUL replaces the JSON escape of NUL, which jsonb refuses, by that of U+FFFD.
func escapeNUL(json []byte) string {
	return nulEscape.Replace(string(json))
}

// An escaped backslash comes first, so that the text `\\u0000` (a backslash and five characters) is left alone.
var nulEscape = strings.NewReplacer(`\\`, `\\`, `\u0000`, `\ufffd`)

// firstText is the first of the texts that is not empty.
func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
