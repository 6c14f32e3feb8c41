package dictionary

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Order is what of an order may stand in the answer about it. Such facts are taken out before a text is compared: 单据
// SO-1 已取消 and 单据 SO-2 已取消 are the same answer.
type Order struct {
	Code, Warehouse, Type string
	// ID is the WMS's own number, where it is known.
	ID string
}

// Marks stand in a text where a fact of the order stood. They are private-use characters, which no answer needs.
const (
	markCode      = '\uE000'
	markWarehouse = '\uE001'
	markType      = '\uE002'
	markTime      = '\uE003'
)

// said is one text of an answer in the forms in which it is compared.
type said struct {
	// marked is folded, each run of blanks one blank, with marks for the facts of the order.
	marked string
	// shown is marked without blanks and with # for each mark: what texts and patterns of entries see.
	shown string
}

func read(text string, o Order) said {
	text = cut(text)
	marked := markTimes(markFacts(foldBlanks(text), o))
	return said{marked: marked, shown: showMarks(marked)}
}

// compared joins texts in the form in which they are compared, the general one first.
func compared(texts []said) string {
	switch len(texts) {
	case 0:
		return ""
	case 1:
		return texts[0].shown
	}
	return texts[1].shown + " / " + texts[0].shown
}

// cut keeps the beginning of a long text.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}

// fold brings a text into the form in which texts are compared: no blanks, lower case, full-width letters, digits and
// punctuation (U+FF01 to U+FF5E) as their ASCII forms.
func fold(s string) string { return showMarks(foldBlanks(s)) }

// foldBlanks is fold with one blank for each run of blanks. A mark that stood in the text itself does not survive.
func foldBlanks(s string) string {
	blank := true
	folded := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			if blank {
				return -1
			}
			blank = true
			return ' '
		}
		blank = false
		return foldRune(r)
	}, s)
	return strings.TrimSuffix(folded, " ")
}

func foldRune(r rune) rune {
	if r >= 0xFF01 && r <= 0xFF5E {
		r -= 0xFEE0
	}
	switch r {
	case markCode, markWarehouse, markType, markTime:
		return utf8.RuneError
	case '【', '〔', '「', '『', '《', '〈':
		return '['
	case '】', '〕', '」', '』', '》', '〉':
		return ']'
	case '“', '”', '‘', '’', '\'':
		return '"'
	case '。':
		return '.'
	case '、':
		return ','
	case '—', '–':
		return '-'
	}
	return unicode.ToLower(r)
}

func showMarks(marked string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ':
			return -1
		case markCode, markWarehouse, markType, markTime:
			return '#'
		}
		return r
	}, marked)
}

// markFacts puts marks where the order's own facts stand alone, the longest fact first. A fact inside a longer number
// (SO-1 in SO-12, or in SO-1-1, which is another document) is left as it is. A number that is also the warehouse's
// counts as the warehouse's: then a text does not say of which of the two it speaks.
func markFacts(folded string, o Order) string {
	facts := []struct {
		text string
		mark rune
	}{{o.Warehouse, markWarehouse}, {o.Code, markCode}, {o.ID, markCode}, {o.Type, markType}}
	for i := range facts {
		facts[i].text = foldBlanks(facts[i].text)
	}
	slices.SortStableFunc(facts, func(a, b struct {
		text string
		mark rune
	},
	) int {
		return cmp.Compare(len(b.text), len(a.text))
	})
	for _, f := range facts {
		if f.text != "" && strings.Contains(folded, f.text) {
			folded = markAlone(folded, f.text, f.mark)
		}
	}
	return folded
}

func markAlone(text, fact string, mark rune) string {
	var out strings.Builder
	for from := 0; ; {
		at := strings.Index(text[from:], fact)
		if at < 0 {
			out.WriteString(text[from:])
			return out.String()
		}
		begin, end := from+at, from+at+len(fact)
		before, _ := utf8.DecodeLastRuneInString(text[:begin])
		after, size := utf8.DecodeRuneInString(text[end:])
		next, _ := utf8.DecodeRuneInString(text[min(end+size, len(text)):])
		if begin > 0 && partOfNumber(before) ||
			end < len(text) && (partOfNumber(after) || after == '.' && partOfNumber(next)) {
			out.WriteString(text[from:end])
		} else {
			out.WriteString(text[from:begin])
			out.WriteRune(mark)
		}
		from = end
	}
}

// partOfNumber says that a number goes on with this character.
func partOfNumber(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// times are the forms in which answers give a moment, folded.
var times = regexp.MustCompile(`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ ` +
	`t]?\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(z|[+-]\d{2}:?\d{2})?` +
	`|\d{4}年\d{1,2}月\d{1,2}日?( ?\d{1,2}[:时点]\d{1,2}([:分](\d{1,2}秒?)?)?)?|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?`)

func markTimes(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	return times.ReplaceAllString(text, string(markTime))
}
