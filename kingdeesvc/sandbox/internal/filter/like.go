package filter

import "strings"

// like matches text against an SQL pattern: % is any run of characters, _ is one.
// It keeps one point to come back to, so its cost is at most len(text)*len(pattern).
func like(text, pattern []rune) bool {
	t, p := 0, 0
	back, resume := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			back, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == text[t]):
			t++
			p++
		case back >= 0:
			resume++
			t, p = resume, back+1
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "%") == ""
}
