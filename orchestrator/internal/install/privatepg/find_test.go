package privatepg

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// install writes programs that only know their version. broken leaves initdb out.
func install(t *testing.T, dir, version string, broken bool) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755)) //nolint:gosec // G301: the account runs it
	script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", version)
	require.NoError(t,
		os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755)) //nolint:gosec // G306: a program
	if !broken {
		require.NoError(t,
			os.WriteFile(filepath.Join(dir, "initdb"), []byte(script), 0o755)) //nolint:gosec // G306: a program
	}
	return dir
}

func TestSearch(t *testing.T) {
	root := openFolder(t)
	at := func(name string) string { return filepath.Join(root, name, "bin") }
	old := install(t, at("pg/13"), "postgres (PostgreSQL) 13.4", false)
	v16 := install(t, at("pg/16"), "postgres (PostgreSQL) 16.1 (Debian 16.1-1)", false)
	beta := install(t, at("pg/18"), "postgres (PostgreSQL) 18beta2", false)
	noInit := install(t, at("clients/17"), "postgres (PostgreSQL) 17.0", true)
	odd := install(t, at("odd/1"), "hello", false)
	linked := filepath.Join(root, "linked")
	require.NoError(t, os.Mkdir(linked, 0o755)) //nolint:gosec // G301: the account runs it
	require.NoError(t, os.Symlink(filepath.Join(v16, "postgres"), filepath.Join(linked, "postgres")))
	packages := []string{filepath.Join(root, "pg/*/bin")}

	for name, c := range map[string]struct {
		path, patterns []string
		major          int
		want           string
		notes          []string
	}{
		"PATH wins over a newer package":          {path: []string{v16}, patterns: packages, want: v16},
		"a link on PATH leads to the real folder": {path: []string{"", linked}, want: v16},
		"an old one on PATH is passed over":       {path: []string{old}, patterns: packages, want: beta},
		"the newest package wins":                 {patterns: packages, want: beta},
		"the version of the cluster is the one":   {path: []string{beta}, patterns: packages, major: 16, want: v16},
		"the version of the cluster is not here": {
			path: []string{v16}, major: 15, notes: []string{v16 + " is version 16"},
		},
		"too old": {
			path: []string{old}, notes: []string{old + " is version 13, too old"},
		},
		"no initdb": {
			path: []string{noInit}, notes: []string{noInit + " has no initdb"},
		},
		"not PostgreSQL": {
			path: []string{odd}, notes: []string{odd + `/postgres is not understood: it says "hello"`},
		},
		"nothing at all": {path: []string{root}, notes: []string{"none installed"}},
		"what cannot be used is told, once": {
			path: []string{old, old, odd}, patterns: []string{old},
			notes: []string{old + " is version 13, too old", odd + `/postgres is not understood: it says "hello"`},
		},
		"a relative folder on PATH is not followed": {path: []string{"bin"}, notes: []string{"none installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			acct, err := serverAccount()
			require.NoError(t, err)
			bin, notes := search(t.Context(), acct, c.path, c.patterns, c.major)
			require.Equal(t, c.want, bin.Dir)
			require.Equal(t, c.notes, notes)
		})
	}
}

func TestFindSaysWhatToInstall(t *testing.T) {
	_, err := find(t.Context(), quiet(), 9)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "version 9 is needed, because the data folder was made by it")
	require.ErrorContains(t, err, "apt install postgresql")
	require.ErrorContains(t, err, "请安装 PostgreSQL 15")
}

// testdata/programs.jar has the shape of io.zonky.test.postgres:embedded-postgres-binaries: a zip holding one .txz. In
// it are scripts that only know their version.
//
//go:embed testdata/programs.jar
var programsJar []byte

func TestFetchTakesTheProgramsOnce(t *testing.T) {
	acct, err := serverAccount()
	require.NoError(t, err)
	asked := 0
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if filepath.Ext(r.URL.Path) != ".jar" {
			http.NotFound(w, r)
			return
		}
		asked++
		_, _ = w.Write(programsJar)
	}))
	defer repository.Close()

	dir := filepath.Join(openFolder(t), "programs")
	for range 2 {
		bin, err := fetch(t.Context(), quiet(), acct, dir, repository.URL)
		require.NoError(t, err)
		require.Equal(t,
			Binaries{Dir: filepath.Join(dir, "bin"), Major: fetchedMajor, Version: "postgres (PostgreSQL) 18.3"}, bin)
	}
	require.Equal(t, 1, asked)
}

func TestFetchSaysWhereItCouldNotFetchFrom(t *testing.T) {
	acct, err := serverAccount()
	require.NoError(t, err)
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	_, err = fetch(t.Context(), quiet(), acct, filepath.Join(openFolder(t), "programs"), repository.URL)
	require.ErrorContains(t, err, "from "+repository.URL)
}

func TestDefaultDirStaysWithTheClusterThatIsThere(t *testing.T) {
	parent := openFolder(t)
	bin, err := Find(t.Context(), quiet())
	require.NoError(t, err)
	dir, err := defaultDirIn(t.Context(), quiet(), parent)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(parent, fmt.Sprintf("pg%d", bin.Major)), dir)

	data := filepath.Join(parent, "pg14", "data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("14\n"), 0o600))
	dir, err = defaultDirIn(t.Context(), quiet(), parent)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(parent, "pg14"), dir)
}
