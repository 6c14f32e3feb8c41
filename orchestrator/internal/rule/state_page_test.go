package rule_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// step is one event in one state, with the names that the page gives them.
type step struct{ event, from, to string }

var (
	pageRow   = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| [^|]+ \\| ([^|]+) \\| ([^|]+) \\|$")
	pageArrow = regexp.MustCompile(`(?m)^    (\S+) --> (\w+): (.+)$`)
	pageState = regexp.MustCompile("`(\\w+)` ([^,|` ]+)")
	drawnName = regexp.MustCompile(`(?m)^    (\w+): (\w+) (\S+)$`)
)

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/" + name)
	require.NoError(t, err)
	return string(text)
}

// A person looks up on docs/state-machine.md what may become of a cancellation: its drawings and its tables say what
// the rules say.
func TestThePageOfTheStatesSaysWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	page := readPage(t, "state-machine.md")
	var want, drawn, listed []step
	for _, transition := range rule.Transitions() {
		for _, from := range transition.From {
			want = append(want, step{string(transition.Event), string(from), string(transition.To)})
		}
	}
	for _, arrow := range pageArrow.FindAllStringSubmatch(page, -1) {
		from := strings.TrimPrefix(arrow[1], "[*]")
		for event := range strings.SplitSeq(arrow[3], ", ") {
			drawn = append(drawn, step{event, from, arrow[2]})
		}
	}
	for _, row := range pageRow.FindAllStringSubmatch(page, -1) {
		to := pageState.FindStringSubmatch(row[3])
		require.NotNil(t, to, row[0])
		for from := range strings.SplitSeq(row[2], ", ") {
			if from == "(none)" {
				listed = append(listed, step{row[1], "", to[1]})
				continue
			}
			state := pageState.FindStringSubmatch(from)
			require.NotNil(t, state, row[0])
			listed = append(listed, step{row[1], state[1], to[1]})
		}
	}
	require.Equal(t, want, listed, "the tables")
	require.ElementsMatch(t, want, drawn, "the drawings")
}

func TestThePageOfTheStatesUsesTheWordsOfTheGlossary(t *testing.T) {
	t.Parallel()
	glossary := map[string]string{}
	word := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\S+) \\|")
	for _, row := range word.FindAllStringSubmatch(readPage(t, "glossary.md"), -1) {
		glossary[row[1]] = row[2]
	}
	for _, state := range rule.States() {
		require.Contains(t, glossary, string(state))
	}
	page := readPage(t, "state-machine.md")
	for _, row := range pageRow.FindAllStringSubmatch(page, -1) {
		for _, state := range pageState.FindAllStringSubmatch(row[2]+"|"+row[3], -1) {
			require.Equal(t, glossary[state[1]], state[2], row[0])
		}
	}
	for _, name := range drawnName.FindAllStringSubmatch(page, -1) {
		require.Equal(t, name[1], name[2])
		require.Equal(t, glossary[name[1]], name[3], name[0])
	}
}
