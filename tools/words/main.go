// Words checks that names are made of the words of docs/glossary.md. It reads the names that are declared in Go, SQL
// and the contracts, not prose: what a sentence says is for its reader to judge. tools/words.txt lists the words that
// left, and where one may stand all the same:
//
//	OLD => NEW           a word that left, and what is said instead
//	allow OLD PATH NAME  a name, or * for all, that may have it: in this file, or in all files below this folder
//
// Run it with: cd tools && go run ./words
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

type allowed struct{ word, path, name string }

type list struct {
	instead map[string]string
	allow   []allowed
	used    map[allowed]bool
}

func main() {
	faults, err := check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(2)
	}
	for _, fault := range faults {
		fmt.Println(fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

func check() ([]string, error) {
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	words, err := load("tools/words.txt")
	if err != nil {
		return nil, err
	}
	listed, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var faults []string
	for _, path := range strings.Fields(string(listed)) {
		if strings.HasPrefix(path, "proto/gen/") {
			continue
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		} else if err != nil {
			return nil, err
		}
		names, err := declared(path, content)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if old, found := words.in(path, name.text); found {
				faults = append(faults, fmt.Sprintf("%s:%d: %s: the word is %s, not %s",
					path, name.line, name.text, words.instead[old], old))
			}
		}
	}
	for _, a := range words.allow {
		if !words.used[a] {
			faults = append(faults,
				fmt.Sprintf("tools/words.txt: nothing needs `allow %s %s %s` any longer", a.word, a.path, a.name))
		}
	}
	return faults, nil
}

func load(file string) (*list, error) {
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	words := &list{instead: map[string]string{}, used: map[allowed]bool{}}
	for n, line := range strings.Split(string(content), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch old, instead, is := strings.Cut(line, "=>"); {
		case len(fields) == 0:
		case is && strings.TrimSpace(old) != "" && strings.TrimSpace(instead) != "":
			words.instead[strings.TrimSpace(old)] = strings.TrimSpace(instead)
		case len(fields) == 4 && fields[0] == "allow":
			words.allow = append(words.allow, allowed{fields[1], fields[2], fields[3]})
		default:
			return nil, fmt.Errorf("%s:%d: neither `OLD => NEW` nor `allow OLD PATH NAME`", file, n+1)
		}
	}
	return words, nil
}

// in answers a word in the name that left and is not allowed here.
func (l *list) in(path, name string) (string, bool) {
	for _, word := range split(name) {
		word = strings.ToLower(word)
		if _, left := l.instead[word]; left && !l.allowed(word, path, name) {
			return word, true
		}
	}
	return "", false
}

func (l *list) allowed(word, path, name string) bool {
	found := false
	for _, a := range l.allow {
		if a.word == word && (a.name == name || a.name == "*") && strings.HasPrefix(path, a.path) {
			l.used[a], found = true, true
		}
	}
	return found
}

// split cuts a name into its words: PassID, pass_id and PASS_ID alike.
func split(name string) []string {
	var words []string
	for _, run := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == '.' }) {
		start := 0
		for at := 1; at <= len(run); at++ {
			if at == len(run) || upper(run[at]) && (!upper(run[at-1]) || at+1 < len(run) && !upper(run[at+1])) {
				words = append(words, run[start:at])
				start = at
			}
		}
	}
	return words
}

func upper(letter byte) bool { return letter >= 'A' && letter <= 'Z' }
