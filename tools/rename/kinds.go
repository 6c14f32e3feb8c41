package main

import (
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
)

// kindsOf says of each byte of a file what sort of text it is part of.
func kindsOf(path, text string) []kind {
	kinds := make([]kind, len(text))
	fill := func(from, to int, is kind) {
		for i := from; i < min(to, len(text)); i++ {
			kinds[i] = is
		}
	}
	switch filepath.Ext(path) {
	case ".go":
		goKinds(path, text, fill)
	case ".md", "":
		fill(0, len(text), prose)
		for _, at := range regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").FindAllStringIndex(text, -1) {
			fill(at[0], at[1], code)
		}
		for _, at := range regexp.MustCompile(`"[a-zA-Z]+":`).FindAllStringIndex(text, -1) {
			fill(at[0], at[1], camel) // of a reply in JSON
		}
	case ".sql":
		for _, at := range regexp.MustCompile(`--[^\n]*|'(?:[^']|'')*'`).FindAllStringIndex(text, -1) {
			fill(at[0], at[1], quoted(text[at[0]:at[1]]))
		}
	case ".proto":
		for _, at := range regexp.MustCompile(`//[^\n]*|"[^"\n]* [^"\n]*"`).FindAllStringIndex(text, -1) {
			fill(at[0], at[1], prose)
		}
	case ".yaml", ".yml":
		for _, at := range regexp.MustCompile(`(?m)(?:^|\s)#[^\n]*`).FindAllStringIndex(text, -1) {
			fill(at[0], at[1], prose)
		}
	case ".json":
		if strings.Contains(path, "/replies/") {
			fill(0, len(text), camel)
		}
		for _, at := range regexp.MustCompile(`"[^"\n]* [^"\n]*"`).FindAllStringIndex(text, -1) {
			fill(at[0], at[1], prose)
		}
	}
	return kinds
}

func goKinds(path, text string, fill func(int, int, kind)) {
	files := token.NewFileSet()
	file := files.AddFile(path, -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		at := file.Offset(pos)
		switch tok {
		case token.EOF:
			return
		case token.IDENT:
			fill(at, at+len(lit), camel)
		case token.COMMENT:
			fill(at, at+len(lit), prose)
		case token.STRING:
			fill(at, at+len(lit), quoted(lit))
			for _, key := range keyInText.FindAllStringIndex(lit, -1) {
				fill(at+key[0], at+key[1], code)
			}
		}
	}
}

// keyInText is a key of YAML or JSON inside a text.
var keyInText = regexp.MustCompile(`[a-z_]+:|"[a-z_]+"`)

var statement = regexp.MustCompile(`(?i)\b(select|truncate|update|insert into|from|where|create|delete from|and|join)\s+[a-z_]|@[a-z]|\$[0-9]`)

// quoted says whether a text in quotes is a sentence: it has spaces and is no SQL.
func quoted(text string) kind {
	if !strings.Contains(strings.Trim(text, " '\"`"), " ") || (strings.HasPrefix(text, "`") && statement.MatchString(text)) {
		return code
	}
	if strings.HasPrefix(text, "\"") && regexp.MustCompile(`^"\s*(select|update|insert|delete|and|where|with|create) `).MatchString(text) {
		return code
	}
	return prose
}
