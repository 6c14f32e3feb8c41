package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// named is a link whose text is a name in a file of ours: [`Store.Lease`](../…/lease.go).
var named = regexp.MustCompile("\\[`([A-Za-z.]+)`\\]\\(([^)]+\\.go)\\)")

// A page that leads to a function which is not there any longer sends its reader on a search.
func TestTheArchitectureNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	links := named.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1)
	require.Greater(t, len(links), 20)
	for _, link := range links {
		require.Contains(t, declaredIn(t, path.Join("docs", link[2])), link[1], link[2])
	}
}

// declaredIn are the types, functions and methods (Type.Method) of a Go file.
func declaredIn(t *testing.T, file string) []string {
	t.Helper()
	source, err := fs.ReadFile(repository(), file)
	require.NoError(t, err)
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	var names []string
	for _, declaration := range parsed.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			names = append(names, methodOf(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if declared, isType := spec.(*ast.TypeSpec); isType {
					names = append(names, declared.Name.Name)
				}
			}
		}
	}
	return names
}

// methodOf is the receiver's type with a dot behind it; empty for a function.
func methodOf(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	receiver := function.Recv.List[0].Type
	if pointer, is := receiver.(*ast.StarExpr); is {
		receiver = pointer.X
	}
	if name, is := receiver.(*ast.Ident); is {
		return strings.TrimSpace(name.Name) + "."
	}
	return ""
}
