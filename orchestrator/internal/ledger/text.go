package ledger

import "strings"

// CleanText makes any text storable: NUL and invalid UTF-8, which Postgres refuses, become U+FFFD.
func CleanText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// EscapeNUL replaces the JSON escape of NUL, which jsonb refuses, by that of U+FFFD.
func EscapeNUL(json []byte) string {
	return nulEscape.Replace(string(json))
}

// An escaped backslash comes first, so that the text `\\u0000` (a backslash and five characters) is left alone.
var nulEscape = strings.NewReplacer(`\\`, `\\`, `\u0000`, `\ufffd`)

// FirstText is the first of the texts that is not empty.
func FirstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
