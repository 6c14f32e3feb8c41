package rpc

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATokenFileThatIsWrongIsRefusedByLine(t *testing.T) {
	for file, want := range map[string]string{
		"":                                       "no token in the file",
		"wang":                                   "line 1: want a name and a token",
		"# x\nwang 0123456789abcdef extra":       "line 2: want a name and a token",
		"wang geheim":                            "line 1: the token of wang is shorter than 16 characters",
		"a 0123456789abcdef\nb 0123456789abcdef": "line 2: b has the token of a",
	} {
		_, err := ParseTokens(strings.NewReader(file))
		require.EqualError(t, err, want)
	}
}
