package main

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// language is which of the two languages is printed where both stand side by side.
type language int

const (
	bothLanguages language = iota
	chinese
	english
)

// languageOf reads the locale as POSIX has it: the first of LC_ALL, LC_MESSAGES and LANG that is set. Chinese and
// English choose themselves, and any other has both.
func languageOf(getenv func(string) string) language {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")))
	switch {
	case strings.HasPrefix(locale, "zh"):
		return chinese
	case strings.HasPrefix(locale, "en"):
		return english
	}
	return bothLanguages
}

// words are those of a text in both languages, the Chinese ones first, that the locale asks for. A text that is in one
// language, or in which they are mixed, stays as it is.
func (sh *shell) words(text string) string {
	at := seam(text)
	switch {
	case at <= 0:
	case sh.language() == chinese:
		return strings.TrimRight(text[:at], " ")
	case sh.language() == english:
		return strings.TrimLeft(text[at:], " ")
	}
	return text
}

func (sh *shell) language() language { return languageOf(sh.getenv) }

// seam is where English begins behind Chinese: at the first blank with only what is not Chinese behind it; 0 where
// there is no such place.
func seam(text string) int {
	last := strings.LastIndexFunc(text, isChinese)
	if last < 0 {
		return 0
	}
	blank := strings.IndexByte(text[last:], ' ')
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " "))
	if blank < 0 || !strings.ContainsFunc(text[last+blank:], isLatin) || !isChinese(first) {
		return 0
	}
	return last + blank
}

func isLatin(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

func isChinese(r rune) bool {
	return unicode.Is(unicode.Han, r) || strings.ContainsRune("，。；：（）、", r)
}

// translate leaves the help of a command, and of those below it, in the language that the locale asks for.
func (sh *shell) translate(cmd *cobra.Command) {
	cmd.Short = sh.words(cmd.Short)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { flag.Usage = sh.words(flag.Usage) })
	for _, group := range cmd.Groups() {
		group.Title = sh.words(group.Title)
	}
	for _, below := range cmd.Commands() {
		sh.translate(below)
	}
}
