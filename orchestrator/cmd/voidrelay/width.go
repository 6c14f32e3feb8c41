package main

import (
	"strings"
	"unicode"
)

// width is how many columns of a terminal a text takes: Chinese characters and full-width signs take two.
func width(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul),
		r >= 0x3000 && r <= 0x303f, r >= 0xff00 && r <= 0xff60:
		return 2
	}
	return 1
}

// pad fills a text with blanks up to n columns.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(0, n-width(text)))
}
