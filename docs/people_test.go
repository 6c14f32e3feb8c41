package docs_test

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(repository(), name)
	require.NoError(t, err)
	return string(text)
}

// firsts are what the expression's group finds in the text, sorted.
func firsts(expression, text string) []string {
	var all []string
	for _, found := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	slices.Sort(all)
	return all
}

func TestContributingNamesEveryTarget(t *testing.T) {
	t.Parallel()
	targets := firsts(`(?m)^([a-z-]+):.*## `, read(t, "Makefile"))
	require.NotEmpty(t, targets)
	require.Equal(t, targets, firsts("(?m)^\\| `make ([a-z-]+)` \\| \\S", read(t, "CONTRIBUTING.md")))
}

// A newcomer looks a package up on this page; one that it lacks does not exist for him.
func TestTheOrchestratorsPageNamesEveryFolder(t *testing.T) {
	t.Parallel()
	folders, err := fs.ReadDir(repository(), "orchestrator/internal")
	require.NoError(t, err)
	page := read(t, "orchestrator/README.md")
	var wanted []string
	for _, folder := range folders {
		wanted = append(wanted, folder.Name())
	}
	require.Equal(t, wanted, slices.Compact(firsts("`internal/([a-z]+)`", page)))
	for _, file := range firsts("`((?:rule|scheme|store|jobs)/[a-z_]+\\.go)`", page) {
		_, err := fs.Stat(repository(), "orchestrator/internal/"+file)
		require.NoError(t, err)
	}
	for _, file := range firsts("`(internal/[a-z_/]+(?:\\.go)?)`", page) {
		_, err := fs.Stat(repository(), "orchestrator/"+file)
		require.NoError(t, err)
	}
}

// The two pages that people begin with lead to the same places.
func TestBothReadmesLinkTheSame(t *testing.T) {
	t.Parallel()
	links := func(name string) []string {
		return firsts(`\]\(([^()\s]+)\)`, fencedCode.ReplaceAllString(read(t, name), ""))
	}
	other := func(all []string) []string {
		return slices.DeleteFunc(all, func(one string) bool { return one == "README.md" || one == "README.zh-CN.md" })
	}
	require.Equal(t, other(links("README.md")), other(links("README.zh-CN.md")))
}
