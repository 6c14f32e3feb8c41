package rule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestWhatAResultSaysOfTheWMS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer rule.Answer
		want   rule.Heard
	}{
		{rule.Answer{Disposition: rule.Cancelled}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.AlreadyCancelled}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.InProgress}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.TooLate}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.NotFound}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.Rejected}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.Auth}, rule.HeardAnswer},
		{rule.Answer{Disposition: rule.Unknown}, rule.HeardSilence},
		{rule.Answer{Disposition: rule.Unknown, Lost: true}, rule.HeardSilence},
		{rule.Answer{Disposition: rule.NotSent, Unreachable: true}, rule.HeardSilence},
		{rule.Answer{Disposition: rule.NotSent}, rule.HeardNothing},
		{rule.Answer{Disposition: rule.NotSent, RetryAfter: time.Second}, rule.HeardRest},
		{rule.Answer{Disposition: rule.Throttled, RetryAfter: time.Second}, rule.HeardRest},
		{rule.Answer{Disposition: rule.Throttled}, rule.HeardRest},
	} {
		require.Equal(t, c.want, c.answer.Heard(), "%+v", c.answer)
	}
}

func TestThreeDifferentOrdersInARowWithoutAnAnswerBetweenThemShowThatTheWMSIsAway(t *testing.T) {
	t.Parallel()
	type result struct {
		order int64
		heard rule.Heard
	}
	const no, yes, rest, ours = rule.HeardSilence, rule.HeardAnswer, rule.HeardRest, rule.HeardNothing
	for name, c := range map[string]struct {
		results []result
		away    bool
	}{
		"three":                        {[]result{{1, no}, {2, no}, {3, no}}, true},
		"two":                          {[]result{{1, no}, {2, no}}, false},
		"one poison order, many times": {[]result{{1, no}, {1, no}, {1, no}, {1, no}, {1, no}}, false},
		"one poison order among others": {
			[]result{{1, no}, {2, yes}, {1, no}, {3, yes}, {1, no}, {4, yes}, {1, no}}, false,
		},
		"an answer between":            {[]result{{1, no}, {2, no}, {9, yes}, {3, no}, {4, no}}, false},
		"a throttle between":           {[]result{{1, no}, {2, no}, {9, rest}, {3, no}}, false},
		"what was not sent by us":      {[]result{{1, no}, {9, ours}, {2, no}, {8, ours}, {3, no}}, true},
		"an answer ends it":            {[]result{{1, no}, {2, no}, {3, no}, {4, yes}}, false},
		"one of them again and others": {[]result{{1, no}, {2, no}, {1, no}, {2, no}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s rule.Silence
			for _, r := range c.results {
				s = s.After(r.order, r.heard)
			}
			require.Equal(t, c.away, s.Away())
		})
	}
}
