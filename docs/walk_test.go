package docs_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is the whole tree; these tests are about all of it.
func repository() fs.FS { return os.DirFS("..") }

// kinds are the files in which people write sentences.
var kinds = []string{".md", ".go", ".sql", ".proto", ".yaml", ".yml", ".json", ".sh", ""}

// texts are the files of these endings that are ours, by their path: nothing generated, built, or kept by tools.
func texts(t *testing.T, tree fs.FS, endings ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipped(name)
		}
		if !entry.Type().IsRegular() || !ends(name, endings) {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		found[name] = string(text)
		return err
	}))
	return found
}

func skipped(folder string) error {
	base := path.Base(folder)
	switch {
	case folder == ".", base == ".ci":
		return nil
	case strings.HasPrefix(base, "."), folder == "bin", folder == "proto/gen",
		base == "node_modules", base == "testdata":
		return fs.SkipDir
	}
	return nil
}

func ends(name string, endings []string) bool {
	for _, ending := range endings {
		if path.Ext(name) == ending {
			return true
		}
	}
	return false
}
