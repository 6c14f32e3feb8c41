package sandbox

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/internal/control"
)

func TestTheReadmeListsEveryControlCall(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	calls := control.Patterns()
	for _, pattern := range calls {
		require.Contains(t, string(text), "`"+strings.TrimSuffix(pattern, "{$}")+"`")
	}
	require.Equal(t, len(calls), strings.Count(string(text), "/control/")-strings.Count(string(text), "`/control/`"))
	for _, shape := range behaviour.ShapeNames() {
		require.Contains(t, string(text), "`"+shape+"`")
	}
}

func TestSwitchesNamedInTheReadmeExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	encoded, err := json.Marshal(behaviour.Personality{})
	require.NoError(t, err)
	var switches map[string]any
	require.NoError(t, json.Unmarshal(encoded, &switches))
	_, section, _ := strings.Cut(string(text), "## Personalities")
	section, _, _ = strings.Cut(section, "##")
	for i, word := range strings.Split(section, "`") {
		if i%2 == 1 && word != "personality.go" {
			require.Contains(t, switches, word)
		}
	}
}
