package rule_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestFiveFirstAttemptsInARowOrHalfOfTwentyShowThatAnotherSystemCancels(t *testing.T) {
	t.Parallel()
	const already, ours = "a", "o"
	for name, c := range map[string]struct {
		answers string
		// at is the answer that shows it, 0 for none.
		at int
	}{
		"the first five":             {strings.Repeat(already, 5), 5},
		"four and one of ours":       {strings.Repeat(already, 4) + ours + strings.Repeat(already, 4), 0},
		"five in a row later":        {strings.Repeat(ours, 30) + strings.Repeat(already, 5), 35},
		"half of twenty":             {strings.Repeat(already+ours, 10), 20},
		"half of fewer than twenty":  {strings.Repeat(already+ours, 9), 0},
		"nine of twenty":             {strings.Repeat(ours+already, 9) + ours + ours, 0},
		"older ones do not count":    {strings.Repeat(already+ours, 9) + strings.Repeat(ours, 30) + already, 0},
		"none":                       {strings.Repeat(ours, 50), 0},
		"half of the last twenty":    {strings.Repeat(ours, 20) + strings.Repeat(already+ours, 10), 39},
		"a third of them, for years": {strings.Repeat(already+ours+ours, 100), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f rule.FirstAnswers
			at := 0
			for i, a := range c.answers {
				if f = f.After(string(a) == already); f.Elsewhere() && at == 0 {
					at = i + 1
				}
			}
			require.Equal(t, c.at, at)
		})
	}
}

func TestOnlyAnAnswerAboutTheOrderTellsOfAnotherSystem(t *testing.T) {
	t.Parallel()
	want := map[rule.Disposition]string{
		rule.AlreadyCancelled: "already", rule.Cancelled: "ours", rule.InProgress: "ours", rule.TooLate: "ours",
		rule.NotFound: "ours", rule.Rejected: "ours", rule.Auth: "", rule.Throttled: "", rule.NotSent: "",
		rule.Unknown: "",
	}
	for d, want := range want {
		tells, already := rule.TellsOfOthers(d)
		got := ""
		switch {
		case tells && already:
			got = "already"
		case tells:
			got = "ours"
		}
		require.Equal(t, want, got, d)
	}
}
