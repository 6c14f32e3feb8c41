package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// brokenBuild is the product with one thing wrong. testdata/broken has a file of its name, which says what is
// wrong and which file of the product differs, and has the lines that differ as a diff without line numbers.
type brokenBuild struct {
	// file is the one that differs, from the root of the repository.
	file  string
	hunks []hunk
	// lines is how many lines differ.
	lines int
}

// hunk is one place that differs. was stands in the product exactly once.
type hunk struct{ was, is string }

func readBroken(t *testing.T, name string) brokenBuild {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "broken", name+".diff"))
	require.NoError(t, err)
	_, diff, found := strings.Cut(string(text), "\n--- a/")
	require.True(t, found, "%s.diff names the file that differs", name)
	file, diff, _ := strings.Cut(diff, "\n")
	b := brokenBuild{file: file}
	for part := range strings.SplitSeq(strings.TrimPrefix(diff, "@@\n"), "\n@@\n") {
		var h hunk
		for line := range strings.Lines(strings.TrimSuffix(part, "\n") + "\n") {
			switch sign, rest := line[0], line[1:]; sign {
			case '-':
				h.was += rest
				b.lines++
			case '+':
				h.is += rest
				b.lines++
			case ' ':
				h.was += rest
				h.is += rest
			default:
				t.Fatalf("%s.diff: a line begins with -, + or a blank, not as %q", name, line)
			}
		}
		b.hunks = append(b.hunks, h)
	}
	return b
}

// apply makes the broken text of a file of the product.
func (b brokenBuild) apply(product string) (string, error) {
	for _, h := range b.hunks {
		if found := strings.Count(product, h.was); found != 1 {
			return "", fmt.Errorf("%s has this %d times, not once:\n%s", b.file, found, h.was)
		}
		product = strings.Replace(product, h.was, h.is, 1)
	}
	return product, nil
}

// build runs go build with the broken file in place of the product's.
func (b brokenBuild) build(t *testing.T, args ...string) {
	t.Helper()
	folder := t.TempDir()
	file, err := filepath.Abs(filepath.Join("..", "..", filepath.FromSlash(b.file)))
	require.NoError(t, err)
	product, err := os.ReadFile(file)
	require.NoError(t, err)
	text, err := b.apply(string(product))
	require.NoError(t, err)
	broken := filepath.Join(folder, filepath.Base(file))
	require.NoError(t, os.WriteFile(broken, []byte(text), 0o600))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: broken}})
	require.NoError(t, err)
	instead := filepath.Join(folder, "overlay.json")
	require.NoError(t, os.WriteFile(instead, overlay, 0o600))
	args = append([]string{"build", "-overlay", instead}, args...)
	said, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoError(t, err, string(said))
}

// A broken build stands for the product only as long as it is the product, but for a few lines.
func TestBrokenBuildsFollowTheProduct(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "broken", "*.diff"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".diff")
		t.Run(name, func(t *testing.T) {
			b := readBroken(t, name)
			require.Less(t, b.lines, 25, "lines that differ")
			b.build(t, "github.com/voidrelay/voidrelay/"+path.Dir(b.file))
		})
	}
}

// The failure: a name in the product was changed, and a broken build that nobody made did not follow.
func TestABrokenBuildThatDriftsIsTold(t *testing.T) {
	b := brokenBuild{file: "a.go", hunks: []hunk{{was: "one()\n", is: "two()\n"}}}
	got, err := b.apply("one()\nthree()\n")
	require.NoError(t, err)
	require.Equal(t, "two()\nthree()\n", got)
	_, err = b.apply("three()\n")
	require.ErrorContains(t, err, "a.go has this 0 times, not once:\none()")
	_, err = b.apply("one()\none()\n")
	require.ErrorContains(t, err, "2 times")
}
