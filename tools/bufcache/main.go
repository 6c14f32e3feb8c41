// Command bufcache puts the protovalidate rules where buf looks for them, so that lint, generate and breaking checks
// run without the Buf registry.
//
// It takes the one file from the Go module of the same release, which the Go module proxy serves and go verifies, and
// lays it out as buf's own module cache. buf checks the digest in buf.lock against what it finds, so nothing else can
// slip in. The cache layout is buf's own affair: the version of buf is pinned beside this.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	module = "github.com/bufbuild/protovalidate@v1.2.0"
	commit = "50325440f8f24053b047484a6bf60b76"
)

// files maps a path in the Go module to its path in the buf module.
var files = map[string]string{
	"LICENSE":   "LICENSE",
	"README.md": "README.md",
	"proto/protovalidate/buf/validate/validate.proto": "buf/validate/validate.proto",
}

func main() {
	if err := fill(); err != nil {
		fmt.Fprintln(os.Stderr, "bufcache:", err)
		os.Exit(1)
	}
}

func fill() error {
	base, err := cacheDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(base, "v3", "modules", "b5", "buf.build", "bufbuild", "protovalidate", commit)
	if _, err := os.Stat(filepath.Join(dir, "module.yaml")); err == nil {
		return nil
	}
	source, err := download()
	if err != nil {
		return err
	}
	for from, to := range files {
		data, err := os.ReadFile(filepath.Join(source, from))
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, "files", to), data); err != nil {
			return err
		}
	}
	// Last, because its presence says that the rest is there.
	return write(filepath.Join(dir, "module.yaml"), []byte("version: v1\nfiles_dir: files\n"))
}

// cacheDir is where buf keeps its cache, by its own rules.
func cacheDir() (string, error) {
	if dir := os.Getenv("BUF_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "buf"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".cache", "buf"), nil
}

// download fetches the Go module and answers the folder it lies in.
func download() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, err)
	}
	var answer struct{ Dir, Error string }
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", err
	}
	if answer.Dir == "" {
		return "", errors.New(answer.Error)
	}
	return answer.Dir, nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
