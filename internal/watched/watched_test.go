package watched

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// held is a file's content as its owner took it into use; one that says "bad" is refused.
type held struct{ text string }

func (h *held) source(path string) Source {
	return Source{Setting: "THE_FILE", Paths: At(path), Load: func() error {
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte("bad")) {
			err = errors.New("it is bad")
		}
		if err == nil {
			h.text = string(content)
		}
		return err
	}}
}

func following(sources ...Source) (*Files, func(anew bool)) {
	files := New(slog.New(slog.DiscardHandler))
	for _, s := range sources {
		files.Follow(s)
	}
	return files, func(anew bool) { files.read(anew, nil) }
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// Kubernetes exchanges what a folder's link leads to; the file's own path and link stay as they are.
func TestAFileBehindLinksIsFollowedWhereTheyLead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		write(t, filepath.Join(dir, version, "secret"), version)
	}
	require.NoError(t, os.Symlink("v1", filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink("..data/secret", filepath.Join(dir, "secret")))
	var h held
	_, see := following(h.source(filepath.Join(dir, "secret")))
	see(false)
	require.Equal(t, "v1", h.text)
	require.NoError(t, os.Symlink("v2", filepath.Join(dir, "..next")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..next"), filepath.Join(dir, "..data")))
	see(false)
	require.Equal(t, "v2", h.text)
}

func TestAFileThatCannotBeUsedKeepsTheOldContentAndIsToldUntilItIsWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "one")
	var h held
	files, see := following(h.source(path))
	see(false)
	for _, breakIt := range []func(){
		func() { write(t, path, "bad") },
		func() { require.NoError(t, os.Remove(path)) },
	} {
		breakIt()
		see(false)
		require.Equal(t, "one", h.text)
		found := files.Findings()
		require.Len(t, found, 1)
		require.Equal(t, Broken, found[0].Kind)
		require.Equal(t, "THE_FILE", found[0].Setting)
	}
	write(t, path, "two")
	see(false)
	require.Equal(t, "two", h.text)
	require.Empty(t, files.Findings())
}

// Of the same length and with the stamps of before, as an editor that keeps them or a coarse clock leaves it.
func TestAChangeIsSeenWhateverTheStampsSay(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "one")
	stamp := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, stamp, stamp))
	var h held
	_, see := following(h.source(path))
	see(false)
	write(t, path, "two")
	require.NoError(t, os.Chtimes(path, stamp, stamp))
	see(false)
	require.Equal(t, "two", h.text)
}

// A pipe gives what it has once: `KINGDEE_APP_SECRET_FILE=<(…)`.
func TestWhatCanBeReadOnceIsNotReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	files, see := following(Source{Setting: "PIPE", Paths: At(path), Load: func() error {
		return errors.New("nobody writes to it any more")
	}})
	see(false)
	see(true)
	require.Empty(t, files.Findings())
}

func TestACertificateIsToldOfThirtyDaysBeforeItsEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "one")
	now := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	for left, told := range map[time.Duration]bool{Soon + time.Hour: false, Soon - time.Hour: true, -time.Hour: true} {
		var h held
		source := h.source(path)
		source.Ends = func() time.Time { return now.Add(left) }
		files, see := following(source)
		files.now = func() time.Time { return now }
		see(false)
		require.Equal(t, told, len(files.Findings()) == 1, "%s", left)
	}
}
