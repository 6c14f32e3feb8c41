// Places shows where the ledger is changed in the ways that each have one place: the state of a cancellation, which is
// its changing row or the outcome that counts, in the files transition*.go, work items in one statement that opens them
// and one that closes them. It reads the SQL in the Go files below orchestrator/internal, but for tests and their kit,
// and ends with status 1 when there is another place.
//
// Run it with: cd tools && go run ./places
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind is one way of changing the ledger: its statements, and what is wrong about the places where they stand.
type kind struct {
	what   string
	finds  func(sql string) int
	faulty func(places map[string]int) bool
}

var (
	// came and gone are rows that say how a cancellation stands.
	came = regexp.MustCompile(`\binsert into (unsettled_cancellation|outcome)\b`)
	gone = regexp.MustCompile(`\bdelete from (unsettled_cancellation|outcome)\b`)
	// moved is an update of such rows, its columns and where they end.
	moved = regexp.MustCompile(
		`(?s)\bupdate (?:unsettled_cancellation|outcome)\b(?: \w+)?\s+set\b(.*?)(?:\s(?:where|from|returning)\s|$)`)
	state  = regexp.MustCompile(`(^|[\s,])(state|revoke_time) = `)
	opened = regexp.MustCompile(`\binsert into work_item\b`)
	closed = regexp.MustCompile(`\bupdate work_item\b( \w+)?\s+set close_time\b`)
)

var kinds = []kind{
	{"change the state of a cancellation", func(sql string) int {
		if came.MatchString(sql) || gone.MatchString(sql) {
			return 1
		}
		for _, update := range moved.FindAllStringSubmatch(sql, -1) {
			if state.MatchString(update[1]) {
				return 1
			}
		}
		return 0
	}, func(places map[string]int) bool {
		for path := range places {
			if !strings.HasPrefix(filepath.Base(path), "transition") {
				return true
			}
		}
		return false
	}},
	{"open a work item", func(sql string) int { return len(opened.FindAllString(sql, -1)) }, moreThanOne},
	{"close a work item", func(sql string) int { return len(closed.FindAllString(sql, -1)) }, moreThanOne},
}

func moreThanOne(places map[string]int) bool { return sum(places) != 1 }

func sum(places map[string]int) int {
	n := 0
	for _, statements := range places {
		n += statements
	}
	return n
}

func main() {
	found, err := places()
	if err != nil {
		fmt.Fprintln(os.Stderr, "places:", err)
		os.Exit(2)
	}
	status := 0
	for i, k := range kinds {
		fmt.Printf("%d statements in %d files %s\n", sum(found[i]), len(found[i]), k.what)
		paths := make([]string, 0, len(found[i]))
		for path := range found[i] {
			paths = append(paths, path)
		}
		slices.Sort(paths)
		for _, path := range paths {
			fmt.Printf("  %3d  %s\n", found[i][path], path)
		}
		if k.faulty(found[i]) {
			fmt.Println("  that is not the one place")
			status = 1
		}
	}
	os.Exit(status)
}

// places counts the statements of each kind by file.
func places() ([]map[string]int, error) {
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	found := make([]map[string]int, len(kinds))
	for i := range found {
		found[i] = map[string]int{}
	}
	err = filepath.WalkDir("orchestrator/internal", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testkit" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		texts, err := sqlOf(path)
		for _, sql := range texts {
			for i, k := range kinds {
				if n := k.finds(sql); n > 0 {
					found[i][path] += n
				}
			}
		}
		return err
	})
	return found, err
}

// sqlOf are the texts of a Go file: each literal, and those that are joined by + as one, with a blank where something
// else is joined.
func sqlOf(path string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	var texts []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			texts = append(texts, joined(n))
			return false
		case *ast.BasicLit:
			texts = append(texts, joined(n))
		}
		return true
	})
	return texts, nil
}

func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	case *ast.ParenExpr:
		return joined(e.X)
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	}
	return " "
}
