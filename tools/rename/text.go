package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// kind is what sort of text a piece of a file is: it says how words that stand alone are joined when one becomes two.
type kind int

const (
	code  kind = iota // snake_case: SQL, contracts, keys
	camel             // Go identifiers
	prose             // sentences
)

var nameInText = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// content renames what stands in a file.
func (r *rules) content(path, text string) string {
	for _, t := range r.text {
		text = t.from.ReplaceAllString(text, t.to)
	}
	kept := make([]bool, len(text))
	for _, k := range r.keep {
		for _, at := range k.FindAllStringIndex(text, -1) {
			for i := at[0]; i < at[1]; i++ {
				kept[i] = true
			}
		}
	}
	kinds := kindsOf(path, text)
	var out strings.Builder
	end := 0
	for _, at := range nameInText.FindAllStringIndex(text, -1) {
		if at[0] > 0 && text[at[0]-1] == '\\' && at[0]+1 < at[1] {
			at[0]++ // the n of \n is no part of the word behind it
		}
		out.WriteString(text[end:at[0]])
		end = at[1]
		word := text[at[0]:at[1]]
		if kept[at[0]] {
			out.WriteString(word)
			continue
		}
		is := kinds[at[0]]
		if is == prose && names(text[:at[0]], word, rest(text, at[1])) {
			is = camel
		}
		changed := r.wordsOf(word, is)
		if changed != word && kinds[at[0]] == prose {
			article(&out, changed)
		}
		out.WriteString(changed)
	}
	out.WriteString(text[end:])
	return out.String()
}

// rest is what follows the line that this place is in, as far as a declaration may lie away.
func rest(text string, at int) string {
	_, after, _ := strings.Cut(text[at:min(len(text), at+4000)], "\n")
	return after
}

// names says whether a word that opens a comment is the name of what the comment is about.
func names(before, word, after string) bool {
	if !strings.HasSuffix(before, "\n// ") && !strings.HasSuffix(before, "\t// ") {
		return false
	}
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "//") {
			continue
		}
		return slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t(,[", r) }), word)
	}
	return false
}

// article puts "a" or "an" before a word that was renamed.
func article(out *strings.Builder, word string) {
	text := out.String()
	for _, a := range []string{" a ", " an ", "\ta ", "\nA ", "\nAn ", " A ", " An ", "(a ", "(an ", "'a ", "'an ", "\"a ", "\"an "} {
		if !strings.HasSuffix(text, a) {
			continue
		}
		right := "a"
		if strings.ContainsRune("aeioAEIO", rune(word[0])) || strings.HasPrefix(word, "un_") || strings.HasPrefix(word, "un-") {
			right = "an"
		}
		letters := strings.TrimSpace(strings.TrimLeft(a, "(\"'"))
		if unicode.IsUpper(rune(letters[0])) {
			right = strings.ToUpper(right[:1]) + right[1:]
		}
		out.Reset()
		out.WriteString(text[:len(text)-len(letters)-1] + right + " ")
		return
	}
}

// wordsOf renames the words within one name.
func (r *rules) wordsOf(name string, is kind) string {
	if to, whole := r.names[name]; whole {
		return to
	}
	if to, whole := r.idents[name]; whole && is == camel {
		return to
	}
	parts := split(name)
	out := make([]string, 0, len(parts))
	changed := false
	for at := 0; at < len(parts); {
		to, length := match(r.words, parts[at:])
		if is == prose && len(parts) == 1 {
			if said, found := match(r.said, parts); found > 0 {
				to, length = said, found
			}
		}
		if length == 0 {
			out = append(out, parts[at])
			at++
			continue
		}
		changed = true
		for i, word := range to {
			if parts[at] == strings.ToUpper(parts[at]) && len(parts[at]) > 1 {
				word = strings.ToUpper(word)
			} else if unicode.IsUpper(rune(parts[at][0])) && (i == 0 || is != prose || len(parts) > 1) {
				word = strings.ToUpper(word[:1]) + word[1:]
			}
			if i > 0 && !strings.Contains(name, "_") {
				word = join(word, name, len(parts), is)
			}
			out = append(out, word)
			if i < len(to)-1 && strings.Contains(name, "_") {
				out = append(out, "_")
			}
		}
		at += length
	}
	if !changed {
		return name
	}
	return strings.Join(out, "")
}

// join is a second word as it follows the first one.
func join(word, name string, parts int, is kind) string {
	upper := strings.ToUpper(word[:1]) + word[1:]
	switch {
	case is == camel, parts > 1, is == code && unicode.IsUpper(rune(name[0])) && name != strings.ToUpper(name):
		return upper
	case is == prose:
		return " " + word
	}
	return "_" + word
}

func match(phrases []phrase, parts []string) (to []string, length int) {
	for _, p := range phrases {
		at, matched := 0, 0
		for matched < len(p.from) && at < len(parts) {
			if parts[at] == "_" && matched > 0 {
				at++
				continue
			}
			if strings.ToLower(parts[at]) != p.from[matched] {
				break
			}
			at++
			matched++
		}
		if matched == len(p.from) {
			return p.to, at
		}
	}
	return nil, 0
}

// split cuts a name into its words; underscores are parts of their own.
func split(name string) []string {
	var parts []string
	for i, run := range strings.Split(name, "_") {
		if i > 0 {
			parts = append(parts, "_")
		}
		start := 0
		for at := 1; at <= len(run); at++ {
			if at == len(run) || boundary(run, at) {
				if at > start {
					parts = append(parts, run[start:at])
				}
				start = at
			}
		}
	}
	return parts
}

// boundary says whether a new word begins at this letter.
func boundary(run string, at int) bool {
	upper := func(i int) bool { return run[i] >= 'A' && run[i] <= 'Z' }
	switch {
	case !upper(at):
		return false
	case !upper(at - 1):
		return true
	}
	return at+1 < len(run) && !upper(at+1) && run[at+1] != 's' || (at+2 < len(run) && run[at+1] == 's' && !upper(at+2) && !upper(at+1))
}
