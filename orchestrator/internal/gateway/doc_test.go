package gateway_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheDocumentShowsRealReplies keeps docs/rest.md to the replies that the API cases expect, and to the calls they
// make.
func TestTheDocumentShowsRealReplies(t *testing.T) {
	const document = "../../../docs/rest.md"
	content, err := os.ReadFile(document)
	require.NoError(t, err)
	marker := regexp.MustCompile("(?s)<!-- reply: ([a-z-]+) -->\n(```json\n.*?\n```\n)?")
	shown := 0
	written := marker.ReplaceAllStringFunc(string(content), func(block string) string {
		shown++
		name := marker.FindStringSubmatch(block)[1]
		reply, err := os.ReadFile(filepath.Join("testdata", "replies", name+".json"))
		require.NoError(t, err)
		return "<!-- reply: " + name + " -->\n```json\n" + string(reply) + "```\n"
	})
	require.Positive(t, shown)
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(written), 0o600))
		return
	}
	require.Equal(t, written, string(content), "go test -update rewrites it")
	for _, c := range apiCases(t) {
		if c.RPC != "" {
			service, method, _ := strings.Cut(c.RPC, "/")
			require.Contains(t, string(content), method, "%s.%s", service, method)
		}
	}
}
