package docs_test

import (
	"io/fs"
	"path"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A decision that the index does not name is found by nobody.
func TestTheIndexNamesEveryDecision(t *testing.T) {
	t.Parallel()
	pages, err := fs.Glob(repository(), "docs/adr/[0-9]*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	index, err := fs.ReadFile(repository(), "docs/adr/README.md")
	require.NoError(t, err)
	var wanted, named []string
	for _, page := range pages {
		wanted = append(wanted, path.Base(page))
	}
	for _, row := range regexp.MustCompile(
		`(?m)^\| \[(\d{4})\]\((\d{4}-[a-z0-9-]+\.md)\) \| \S.* \|$`,
	).FindAllStringSubmatch(string(index), -1) {
		require.Equal(t, row[1], row[2][:4])
		named = append(named, row[2])
	}
	require.Equal(t, wanted, named)
}
