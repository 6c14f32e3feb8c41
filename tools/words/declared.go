package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
)

type name struct {
	text string
	line int
}

// declared answers the names that a file declares, with its own name first.
func declared(path string, content []byte) ([]name, error) {
	stem, _, _ := strings.Cut(filepath.Base(path), ".")
	names := []name{{stem, 1}}
	var more []name
	var err error
	switch filepath.Ext(path) {
	case ".go":
		more, err = inGo(path, content)
	case ".sql":
		more = inText(string(content), sqlNames, regexp.MustCompile(`--[^\n]*|'(?:[^']|'')*'`))
	case ".proto":
		more = inText(string(content), protoNames, regexp.MustCompile(`//[^\n]*`))
	default:
		return nil, nil
	}
	return append(names, more...), err
}

// sentence is the name of a test: it says what must be true, in the words that a sentence needs.
var sentence = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]`)

var (
	// sqlNames are tables, columns, views, constraints: whatever is no keyword has no old word in it.
	sqlNames   = regexp.MustCompile(`[a-z][a-z0-9_]*`)
	protoNames = regexp.MustCompile(`(?m)(?:^\s*(?:rpc|message|enum|service)\s+|^\s*(?:repeated |optional )?[\w.<>, ` +
		`]*\s)([A-Za-z]\w*)(?:\s*=\s*\d+|\s*\{|\()`)
)

// inText answers what the pattern finds outside of what does not count.
func inText(text string, pattern, not *regexp.Regexp) []name {
	text = not.ReplaceAllStringFunc(text, func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, s)
	})
	var names []name
	for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[len(at)-2], at[len(at)-1]
		names = append(names, name{text[from:to], 1 + strings.Count(text[:from], "\n")})
	}
	return names
}

// inGo answers what a Go file declares: packages, types, fields, functions, parameters, constants and variables.
func inGo(path string, content []byte) ([]name, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, content, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var names []name
	add := func(idents ...*ast.Ident) {
		for _, ident := range idents {
			if ident != nil && ident.Name != "_" {
				names = append(names, name{ident.Name, files.Position(ident.Pos()).Line})
			}
		}
	}
	add(file.Name)
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if !sentence.MatchString(n.Name.Name) {
				add(n.Name)
			}
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.Field:
			add(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, left := range n.Lhs {
					ident, _ := left.(*ast.Ident)
					add(ident)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				key, _ := n.Key.(*ast.Ident)
				value, _ := n.Value.(*ast.Ident)
				add(key, value)
			}
		}
		return true
	})
	return names, nil
}
