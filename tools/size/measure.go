package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// outside are the folders, at any depth, that are not the product.
var outside = []string{"sandbox", "chaos", "bench", "e2e", "testkit", "testdata", "tools"}

// isProduct says whether a file, by its path from the root, is one of those that the services are made of.
func isProduct(file string) bool {
	if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "proto/gen/") {
		return false
	}
	for part := range strings.SplitSeq(path.Dir(file), "/") {
		// The kits of the tests have names like storetest.
		if slices.Contains(outside, part) || strings.HasSuffix(part, "test") {
			return false
		}
	}
	return true
}

// amount is how much there is of something.
type amount struct {
	name                 string
	tokens, files, lines int
}

// methods is how many exported methods a type has.
type methods struct {
	name string
	many int
}

// size is what was measured: packages with the largest first, types likewise.
type size struct {
	all      amount
	packages []amount
	types    []methods
}

func measure(files map[string][]byte) (size, error) {
	var s size
	packages, types := map[string]*amount{}, map[string]int{}
	for file, content := range files {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return s, err
		}
		if ast.IsGenerated(parsed) {
			continue
		}
		folder := path.Dir(file)
		if packages[folder] == nil {
			packages[folder] = &amount{name: folder}
		}
		for _, a := range []*amount{&s.all, packages[folder]} {
			a.tokens += tokens(content)
			a.files++
			a.lines += bytes.Count(content, []byte("\n"))
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.IsExported() {
				types[folder+"."+receiver(f.Recv.List[0].Type)]++
			}
		}
	}
	for _, a := range packages {
		s.packages = append(s.packages, *a)
	}
	slices.SortFunc(s.packages, func(a, b amount) int {
		return cmp.Or(cmp.Compare(b.tokens, a.tokens), cmp.Compare(a.name, b.name))
	})
	for _, name := range slices.Sorted(maps.Keys(types)) {
		s.types = append(s.types, methods{name, types[name]})
	}
	slices.SortStableFunc(s.types, func(a, b methods) int { return cmp.Compare(b.many, a.many) })
	return s, nil
}

// tokens counts a file that is known to parse.
func tokens(content []byte) int {
	set := token.NewFileSet()
	var s scanner.Scanner
	s.Init(set.AddFile("", set.Base(), len(content)), content, nil, 0)
	for n := 0; ; {
		switch _, found, text := s.Scan(); {
		case found == token.EOF:
			return n
		case found != token.SEMICOLON || text == ";":
			n++
		}
	}
}

// receiver is the name of the type that has a method.
func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return "?"
}

// print writes a table of the largest packages and one of the largest types.
func (s size) print(w io.Writer, name string, packages, types int) {
	row := func(a amount) {
		share := 100 * float64(a.tokens) / float64(max(s.all.tokens, 1))
		fmt.Fprintf(w, "%-38s %8d %6.1f%% %6d %7d\n", a.name, a.tokens, share, a.files, a.lines)
	}
	fmt.Fprintf(w, "%-38s %8s %7s %6s %7s\n", "package", "tokens", "share", "files", "lines")
	shown := s.packages[:min(packages, len(s.packages))]
	rest := s.all
	for _, a := range shown {
		row(a)
		rest.tokens, rest.files, rest.lines = rest.tokens-a.tokens, rest.files-a.files, rest.lines-a.lines
	}
	if more := len(s.packages) - len(shown); more > 0 {
		rest.name = fmt.Sprintf("%d smaller ones", more)
		row(rest)
	}
	s.all.name = name
	row(s.all)
	fmt.Fprintf(w, "\n%-38s %8s\n", "type", "exported methods")
	for _, t := range s.types[:min(types, len(s.types))] {
		fmt.Fprintf(w, "%-38s %8d\n", t.name, t.many)
	}
}
