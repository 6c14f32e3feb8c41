package docs_test

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	fencedCode = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[ \t]*$")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	link       = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	elsewhere  = regexp.MustCompile(`^[a-z]+:`)
	heading    = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// badLinks names every link of a Markdown page that points to no file, folder or heading of the tree.
func badLinks(t *testing.T, tree fs.FS) []string {
	t.Helper()
	pages := texts(t, tree, ".md")
	var bad []string
	for name, text := range pages {
		prose := inlineCode.ReplaceAllString(fencedCode.ReplaceAllString(text, ""), "`")
		for _, found := range link.FindAllStringSubmatch(prose, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if elsewhere.MatchString(found[1]) {
				continue
			}
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if _, err := fs.Stat(tree, file); err != nil {
				bad = append(bad, fmt.Sprintf("%s links to %s, which is not there", name, found[1]))
			} else if page, ok := pages[file]; anchor != "" && (!ok || !slices.Contains(anchors(page), anchor)) {
				bad = append(bad, fmt.Sprintf("%s links to %s, which has no such heading", name, found[1]))
			}
		}
	}
	slices.Sort(bad)
	return bad
}

// anchors are the names that GitHub gives the headings of a page: in lower case, blanks as hyphens, without
// punctuation; one that is there already gets a number.
func anchors(page string) []string {
	var all []string
	seen := map[string]int{}
	for _, found := range heading.FindAllStringSubmatch(fencedCode.ReplaceAllString(page, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, link.ReplaceAllString(found[1], ""))
		if n := seen[name]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", name, n))
		} else {
			all = append(all, name)
		}
		seen[name]++
	}
	return all
}

func TestEveryLinkInsideTheRepositoryLeadsSomewhere(t *testing.T) {
	t.Parallel()
	require.Empty(t, badLinks(t, repository()))
}

func TestALinkToNowhereIsNamed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"a/page.md links to ../gone.md, which is not there",
		"a/page.md links to ../other.md#third-part, which has no such heading",
		"a/page.md links to folder/, which is not there",
	}, badLinks(t, fstest.MapFS{
		"a/page.md": {Data: []byte("# Page\n[1](../gone.md) [2](../other.md#the-2nd-part) " +
			"[3](../other.md#third-part) [4](#page) [5](folder/)\n" +
			"[6](https://example.com/x) `[7](code.md)`\n```\n[8](fenced.md)\n```\n[9](../folder)")},
		"other.md":       {Data: []byte("# Other\n\n## The 2nd, part\n")},
		"folder/file.go": {Data: []byte("package folder\n")},
	}))
}
