package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/compiler/protogen"
)

// text is a comment as one paragraph a blank line.
func text(comments protogen.CommentSet) string {
	var said strings.Builder
	for line := range strings.SplitSeq(string(comments.Leading), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" && said.Len() > 0:
			said.WriteString("\n\n")
		case said.Len() > 0 && !strings.HasSuffix(said.String(), "\n"):
			said.WriteString(" " + line)
		default:
			said.WriteString(line)
		}
	}
	return strings.TrimSpace(said.String())
}

// longestSummary is about what fits beside a path.
const longestSummary = 90

// summary is the first thought of a text.
func summary(said string) string {
	first := said
	for _, end := range []string{". ", ": ", "; ", "\n"} {
		first, _, _ = strings.Cut(first, end)
	}
	if utf8.RuneCountInString(first) > longestSummary {
		first, _, _ = strings.Cut(first, ", ")
	}
	return upper(strings.TrimSuffix(first, "."))
}

func upper(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	if size == 0 {
		return word
	}
	return string(unicode.ToUpper(first)) + word[size:]
}

func lower(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	if size == 0 {
		return word
	}
	return string(unicode.ToLower(first)) + word[size:]
}

// camel is the JSON name of a field.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i := range parts[1:] {
		parts[i+1] = upper(parts[i+1])
	}
	return strings.Join(parts, "")
}

func camels(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = camel(name)
	}
	return all
}
