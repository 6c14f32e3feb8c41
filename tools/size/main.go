// Size says how large the product is: its tokens, its largest packages and its largest types. It reads the Go
// files that a service is made of, and leaves out tests, generated files, sandboxes, chaos, benchmarks, e2e, the
// kits of the tests, and tools. A token is what go/scanner finds; comments, and the semicolons that it puts at the
// ends of lines, are none.
//
//	cd tools && go run ./size              # the files as they are
//	cd tools && go run ./size -at COMMIT   # as they were
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	at := flag.String("at", "", "measure this commit; empty: the files as they are")
	packages := flag.Int("packages", 12, "how many packages to print")
	types := flag.Int("types", 5, "how many types to print")
	flag.Parse()
	if err := run(*at, *packages, *types); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(at string, packages, types int) error {
	out, err := git("", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	root := strings.TrimSpace(string(out))
	name, files := "the product", map[string][]byte(nil)
	if at == "" {
		files, err = present(root)
	} else {
		name += " at " + at
		files, err = past(root, at)
	}
	if err != nil {
		return err
	}
	s, err := measure(files)
	if err != nil {
		return err
	}
	s.print(os.Stdout, name, packages, types)
	return nil
}

// present reads the files of the product as they are, those that are not committed yet among them.
func present(root string) (map[string][]byte, error) {
	listed, err := git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.go")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for path := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		if !isProduct(path) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted and not committed yet
		} else if err != nil {
			return nil, err
		}
		files[path] = content
	}
	return files, nil
}

// past reads the files of the product as a commit has them.
func past(root, commit string) (map[string][]byte, error) {
	archive, err := git(root, "archive", "--format=tar", commit)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		} else if err != nil {
			return nil, fmt.Errorf("read git archive: %w", err)
		}
		if h.Typeflag != tar.TypeReg || !isProduct(h.Name) {
			continue
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("read git archive: %w", err)
		}
	}
}

func git(folder string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = folder
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
