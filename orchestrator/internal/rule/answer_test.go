package rule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestEachAnswerHasItsConsequence(t *testing.T) {
	timing := rule.Timing{
		Backoff: time.Minute, NotFoundGrace: 30 * time.Minute, NotFoundHourly: time.Hour, NotFoundLimit: 24 * time.Hour,
		MaxInProgress: 10, MaxUnrecognised: 3, MaxUnknown: 5, MaxChanges: 20,
	}
	now := h(1000)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	again := rule.Next{State: rule.Open, Wait: time.Minute}
	after := func(wait time.Duration) rule.Next { return rule.Next{State: rule.Open, Wait: wait} }
	afresh := func(wait time.Duration) rule.Next { return rule.Next{State: rule.Open, Wait: wait, Verify: true} }
	provisional := rule.Answer{Disposition: rule.InProgress, Provisional: true}
	awaitsText := rule.Next{State: rule.Open, Work: rule.WorkUnrecognised, AwaitsText: true}
	for name, tc := range map[string]struct {
		answer  rule.Answer
		history rule.History
		want    rule.Next
	}{
		"cancelled": {
			answer: rule.Answer{Disposition: rule.Cancelled}, want: rule.Next{State: rule.Done, Outcome: "cancelled"},
		},
		"already cancelled": {answer: rule.Answer{Disposition: rule.AlreadyCancelled}, want: rule.Next{
			State: rule.Done, Outcome: "already_cancelled",
		}},

		"in progress": {
			rule.Answer{Disposition: rule.InProgress}, rule.History{Same: 9}, after(15 * time.Minute),
		},
		"in progress at first": {rule.Answer{Disposition: rule.InProgress}, rule.History{Same: 1}, again},
		"in progress again": {
			rule.Answer{Disposition: rule.InProgress}, rule.History{Same: 4}, after(8 * time.Minute),
		},
		"in progress for long": {rule.Answer{Disposition: rule.InProgress}, rule.History{Same: 10}, rule.Next{
			State: rule.NeedsAttention, Work: rule.WorkInProgress,
		}},

		"not found within the grace": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceSnapshot, FirstSame: ago(29 * time.Minute)}, again,
		},
		"not found within the grace after a time-out": {
			rule.Answer{Disposition: rule.NotFound}, rule.History{AnswerLost: true, FirstSame: ago(29 * time.Minute)},
			again,
		},
		"not found after a time-out": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceSnapshot, AnswerLost: true, FirstSame: ago(30 * time.Minute)},
			rule.Next{State: rule.Done, Outcome: "not_found_after_possible_cancel", Inferred: true},
		},
		"not found after a proxy's answer": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceSnapshot, FirstSame: ago(30 * time.Minute)},
			rule.Next{State: rule.Open, Wait: time.Hour, Work: rule.WorkOrderNotFound},
		},
		"not found on weak evidence": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceWeak, FirstSame: ago(30 * time.Minute)},
			rule.Next{State: rule.Closed, Outcome: "no_order"},
		},
		"not found on weak evidence after a time-out": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceWeak, AnswerLost: true, FirstSame: ago(time.Hour)},
			rule.Next{State: rule.Done, Outcome: "not_found_after_possible_cancel", Inferred: true},
		},
		"not found, seen live": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceSnapshot, FirstSame: ago(30 * time.Minute)},
			rule.Next{State: rule.Open, Wait: time.Hour, Work: rule.WorkOrderNotFound},
		},
		"not found, seen live, for a day": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceApproved, FirstSame: ago(24 * time.Hour)},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkOrderNotFound},
		},
		"not found for a day, with weak evidence": {
			rule.Answer{Disposition: rule.NotFound},
			rule.History{Evidence: rule.EvidenceWeak, FirstSame: ago(48 * time.Hour)},
			rule.Next{State: rule.Closed, Outcome: "no_order"},
		},
		"already cancelled, as in an earlier generation": {
			rule.Answer{Disposition: rule.AlreadyCancelled}, rule.History{CancelledBefore: true},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkOldOrder},
		},
		"too late": {
			answer: rule.Answer{Disposition: rule.TooLate},
			want:   rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate},
		},
		"rejected for a known reason": {
			rule.Answer{Disposition: rule.Rejected, Recognised: true}, rule.History{Same: 1},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkRejected},
		},
		"rejected for no known reason": {
			rule.Answer{Disposition: rule.Rejected}, rule.History{Same: 1}, afresh(time.Minute),
		},
		"rejected for no known reason, again": {
			rule.Answer{Disposition: rule.Rejected}, rule.History{Same: 2}, afresh(5 * time.Minute),
		},
		"rejected for no known reason, the third time": {
			rule.Answer{Disposition: rule.Rejected}, rule.History{Same: 3}, afresh(15 * time.Minute),
		},
		"rejected for no known reason, once more": {
			rule.Answer{Disposition: rule.Rejected}, rule.History{Same: 4},
			awaitsText,
		},
		"a success whose text nobody knows": {provisional, rule.History{Same: 1}, afresh(time.Minute)},
		"a success whose text nobody knows, the third time": {
			provisional, rule.History{Same: 3}, afresh(15 * time.Minute),
		},
		"a success whose text nobody knows, once more": {provisional, rule.History{Same: 4}, awaitsText},
		"to a success whose text nobody knows":         {provisional, rule.History{Same: 1, Changes: 20}, awaitsText},

		"throttled": {
			rule.Answer{Disposition: rule.Throttled}, rule.History{FirstUnsent: ago(3 * time.Minute)},
			after(3 * time.Minute),
		},
		"throttled, told how": {
			rule.Answer{Disposition: rule.Throttled, RetryAfter: 10 * time.Minute},
			rule.History{FirstUnsent: ago(time.Hour)}, after(10 * time.Minute),
		},
		"throttled, told soon": {
			rule.Answer{Disposition: rule.Throttled, RetryAfter: time.Second}, rule.History{FirstUnsent: now}, again,
		},
		"throttled for a day": {
			rule.Answer{Disposition: rule.Throttled},
			rule.History{FirstUnsent: ago(25 * time.Hour)}, after(5 * time.Minute),
		},
		"not sent": {
			rule.Answer{Disposition: rule.NotSent},
			rule.History{FirstUnsent: ago(23 * time.Hour)}, after(5 * time.Minute),
		},
		"not sent for a day": {
			rule.Answer{Disposition: rule.NotSent},
			rule.History{FirstUnsent: ago(25 * time.Hour)}, after(5 * time.Minute),
		},
		"not sent for a week": {
			rule.Answer{Disposition: rule.NotSent}, rule.History{FirstUnsent: ago(7 * 24 * time.Hour)},
			after(5 * time.Minute),
		},

		"authentication": {
			rule.Answer{Disposition: rule.Auth}, rule.History{Same: 99}, rule.Next{State: rule.Open, Wait: time.Minute},
		},
		"unknown": {rule.Answer{Disposition: rule.Unknown}, rule.History{Same: 4}, afresh(8 * time.Minute)},
		"unknown for long": {rule.Answer{Disposition: rule.Unknown}, rule.History{Same: 5}, rule.Next{
			State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown,
		}},

		"the answer changes for the 19th time": {
			rule.Answer{Disposition: rule.Unknown}, rule.History{Same: 1, Changes: 19}, afresh(time.Minute),
		},
		"the answer changes once more": {
			rule.Answer{Disposition: rule.Unknown}, rule.History{Same: 1, Changes: 20},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown},
		},
		"to in progress": {
			rule.Answer{Disposition: rule.InProgress}, rule.History{Same: 1, Changes: 20},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkInProgress},
		},
		"to not found": {
			rule.Answer{Disposition: rule.NotFound}, rule.History{Same: 1, Changes: 20, FirstSame: now},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkOrderNotFound},
		},
		"to rejected": {
			rule.Answer{Disposition: rule.Rejected}, rule.History{Same: 1, Changes: 20},
			awaitsText,
		},
		"to not sent": {
			rule.Answer{Disposition: rule.NotSent}, rule.History{Changes: 20, FirstUnsent: now}, again,
		},
		"to cancelled": {
			rule.Answer{Disposition: rule.Cancelled}, rule.History{Same: 1, Changes: 20},
			rule.Next{State: rule.Done, Outcome: "cancelled"},
		},
		"to a refused login": {
			rule.Answer{Disposition: rule.Auth}, rule.History{Same: 1, Changes: 20},
			rule.Next{State: rule.Open, Wait: time.Minute},
		},

		"a disposition of a later version counts as unknown": {
			rule.Answer{Disposition: "novel"}, rule.History{Same: 5},
			rule.Next{State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(tc.want, timing.After(tc.answer, tc.history, now)))
		})
	}
}

func TestOnlySomeAnswersLeaveTheOrderUntouched(t *testing.T) {
	for _, d := range []rule.Disposition{
		rule.TooLate, rule.NotFound, rule.Rejected, rule.Auth, rule.Throttled, rule.NotSent,
	} {
		require.False(t, d.MayHaveLanded(), d)
	}
	for _, d := range []rule.Disposition{rule.Cancelled, rule.AlreadyCancelled, rule.InProgress, rule.Unknown, ""} {
		require.True(t, d.MayHaveLanded(), d)
	}
}
