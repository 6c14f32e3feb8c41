package privatepg

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A cache of our own, so that both the first start ever and the later ones are seen.
func TestThrowAwayClustersAreCopiedFromTheCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // what the cache folder follows on a Mac
	first := start(t, Options{})
	template := templateFolder(first.bin, first.acct)
	require.FileExists(t, filepath.Join(template, "data", "PG_VERSION"))

	exec1(t, first.URL(), `create table mine (n int)`)
	second := start(t, Options{})
	require.Equal(t, first.password, second.password, "it is a copy")
	require.Equal(t, 0, query1[int](t, second.URL(), `select count(*) from pg_tables where tablename = 'mine'`))

	require.NoError(t, os.Remove(filepath.Join(template, "data", "global", "pg_control")))
	third := start(t, Options{})
	require.NotEqual(t, first.password, third.password, "a broken cache is replaced")
	require.FileExists(t, filepath.Join(template, "data", "global", "pg_control"))
}

func TestThrowAwayServerNeedsNoCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/dev/null/none")
	t.Setenv("HOME", "/dev/null/none")
	require.Equal(t, 1, query1[int](t, start(t, Options{}).URL(), `select 1`))
}
