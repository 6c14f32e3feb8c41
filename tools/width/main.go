// Width checks that no line of an SQL file is wider than 120 columns, a tab counting as 4; golangci-lint's lll checks
// Go alone. The record is Postgres' own text and is left out. Run it with: cd tools && go run ./width
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const widest = 120

func main() {
	wide, err := check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "width:", err)
		os.Exit(1)
	}
	for _, line := range wide {
		fmt.Println(line)
	}
	if len(wide) > 0 {
		os.Exit(1)
	}
}

func check() ([]string, error) {
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return nil, err
	}
	list := exec.Command("git", "ls-files", "-z", "*.sql")
	list.Dir = strings.TrimSpace(string(root))
	files, err := list.Output()
	if err != nil {
		return nil, err
	}
	var wide []string
	for _, name := range strings.FieldsFunc(string(files), func(r rune) bool { return r == 0 }) {
		text, err := os.ReadFile(filepath.Join(list.Dir, name))
		if err != nil {
			return nil, err
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if n := utf8.RuneCount(line) + 3*bytes.Count(line, []byte("\t")); n > widest {
				wide = append(wide, fmt.Sprintf("%s:%d: %d columns, %d is the limit", name, i+1, n, widest))
			}
		}
	}
	return wide, nil
}
