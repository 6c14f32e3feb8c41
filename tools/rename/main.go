// Rename carries out the renames of a rules file over the whole repository: in Go, SQL, contracts, YAML and prose alike, and in the
// names of files. It works on words, so that epoch_live, EpochLive and "an epoch" change together:
//
//	cd tools && go run ./rename rename/epoch.txt
//
// A rules file has a rule a line:
//
//	in PATH...            where it works: prefixes of paths; everything that git knows otherwise
//	not PATH...           where it does not
//	keep REGEXP           what stays as it is
//	text REGEXP => TEXT   replaces text as it stands, before words are looked at; $1 is a group
//	name OLD NEW          an identifier as a whole
//	ident OLD NEW         the same, in Go only, and where a comment opens with it
//	said OLD => NEW...    a word in a sentence; it goes before the rule for the same word in a name
//	word OLD... => NEW... a word, or several in a row, wherever they are part of a name or of a sentence
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type replacement struct {
	from *regexp.Regexp
	to   string
}

type phrase struct{ from, to []string }

type rules struct {
	in, not []string
	keep    []*regexp.Regexp
	text    []replacement
	names   map[string]string
	idents  map[string]string
	said    []phrase
	words   []phrase
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rename RULES")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string) error {
	r, err := load(file)
	if err != nil {
		return err
	}
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(root))); err != nil {
		return err
	}
	listed, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	for _, path := range strings.Fields(string(listed)) {
		if !r.works(path) {
			continue
		}
		if err := r.file(path); err != nil {
			return err
		}
	}
	return nil
}

func load(file string) (*rules, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &rules{names: map[string]string{}, idents: map[string]string{}}
	for n, line := range strings.Split(string(content), "\n") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		from, to, _ := strings.Cut(rest, "=>")
		switch verb {
		case "", "#":
		case "in":
			r.in = append(r.in, strings.Fields(rest)...)
		case "not":
			r.not = append(r.not, strings.Fields(rest)...)
		case "keep":
			r.keep = append(r.keep, regexp.MustCompile(rest))
		case "text":
			r.text = append(r.text, replacement{regexp.MustCompile(strings.TrimSpace(from)), strings.TrimSpace(to)})
		case "name":
			pair := strings.Fields(rest)
			r.names[pair[0]] = pair[1]
		case "said":
			r.said = append(r.said, phrase{strings.Fields(from), strings.Fields(to)})
		case "ident":
			pair := strings.Fields(rest)
			r.idents[pair[0]] = pair[1]
		case "word":
			r.words = append(r.words, phrase{strings.Fields(from), strings.Fields(to)})
		default:
			return nil, fmt.Errorf("%s:%d: no rule is called %q", file, n+1, verb)
		}
	}
	slices.SortStableFunc(r.words, func(a, b phrase) int { return len(b.from) - len(a.from) })
	return r, nil
}

func (r *rules) works(path string) bool {
	under := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
	if strings.HasPrefix(path, "tools/rename/") || strings.HasPrefix(path, "tools/record/") || strings.HasPrefix(path, "proto/gen/") ||
		path == "tools/words.txt" || path == "docs/glossary.md" || slices.ContainsFunc(r.not, under) {
		return false
	}
	if len(r.in) > 0 && !slices.ContainsFunc(r.in, under) {
		return false
	}
	switch filepath.Ext(path) {
	case ".go", ".sql", ".proto", ".yaml", ".yml", ".md", ".json", ".txt", ".xml", ".mjs", "":
		return !strings.HasSuffix(path, "go.sum")
	}
	return false
}

// file renames what stands in a file, and the file itself.
func (r *rules) file(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := r.content(path, string(content))
	if changed != string(content) {
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil { //nolint:gosec // G703: the path is one that git lists
			return err
		}
	}
	to := r.path(path)
	if to == path {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // G703: as above
		return err
	}
	var fault bytes.Buffer
	move := exec.Command("git", "mv", path, to) //nolint:gosec // G204: as above
	move.Stderr = &fault
	if err := move.Run(); err != nil {
		return fmt.Errorf("move %s to %s: %w: %s", path, to, err, fault.String())
	}
	return nil
}

func (r *rules) path(path string) string {
	parts := strings.Split(path, "/")
	last := len(parts) - 1
	stem, ext, _ := strings.Cut(parts[last], ".")
	if slices.ContainsFunc(r.keep, func(k *regexp.Regexp) bool { return k.MatchString(stem) }) {
		return path
	}
	for _, t := range r.text {
		stem = t.from.ReplaceAllString(stem, t.to)
	}
	separator := "_"
	if strings.Contains(stem, "-") {
		separator = "-"
	}
	stem = strings.ReplaceAll(r.wordsOf(strings.ReplaceAll(stem, separator, "_"), code), "_", separator)
	parts[last] = stem + "." + ext
	if ext == "" {
		parts[last] = stem
	}
	return strings.Join(parts, "/")
}
