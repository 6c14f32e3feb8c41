package rule_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestAMappingIsSuspectedByItsAnswers(t *testing.T) {
	t.Parallel()
	const bad, good = "-", "+"
	for name, c := range map[string]struct {
		from    rule.MappingAnswers
		answers string
		// at is the answer that raises the suspicion, 0 for none.
		at int
	}{
		"the first five":                   {answers: strings.Repeat(bad, 5), at: 5},
		"one good among the first":         {answers: bad + bad + bad + bad + good + strings.Repeat(bad, 19)},
		"twenty in a row later":            {answers: good + strings.Repeat(bad, 20), at: 21},
		"nineteen, a good one, nineteen":   {answers: good + strings.Repeat(bad, 19) + good + strings.Repeat(bad, 19)},
		"good ones alone":                  {answers: strings.Repeat(good, 50)},
		"five after a person let it go on": {from: rule.ReviewedAnswers, answers: strings.Repeat(bad, 19)},
		"twenty after a person":            {from: rule.ReviewedAnswers, answers: strings.Repeat(bad, 20), at: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, at := c.from, 0
			for i, sign := range c.answers {
				if m = m.After(string(sign) == bad); m.Suspect() && at == 0 {
					at = i + 1
				}
			}
			require.Equal(t, c.at, at)
		})
	}
}

func TestWhatTellsOfAMapping(t *testing.T) {
	t.Parallel()
	signs := map[rule.Disposition]string{
		rule.Cancelled: "good", rule.AlreadyCancelled: "good", rule.InProgress: "good", rule.TooLate: "good",
		rule.NotFound: "bad", rule.Rejected: "bad",
		rule.Auth: "", rule.Throttled: "", rule.NotSent: "", rule.Unknown: "",
	}
	for d, want := range signs {
		tells, bad := rule.TellsOfMapping(d, rule.EvidenceSnapshot)
		got := ""
		switch {
		case tells && bad:
			got = "bad"
		case tells:
			got = "good"
		}
		require.Equal(t, want, got, d)
		tells, _ = rule.TellsOfMapping(d, rule.EvidenceWeak)
		require.False(t, tells, d)
	}
}
