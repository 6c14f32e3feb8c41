package push

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

func TestNothingSentDoesNotInterruptAStreak(t *testing.T) {
	t.Parallel()
	begun := time.Now().Add(-time.Minute)
	due := ledger.Due{SameDisposition: rule.NotFound, SameCount: 3, SameSince: begun}
	same, count, since := streak(due, rule.Answer{Disposition: rule.Throttled}, time.Now())
	require.Equal(t, rule.NotFound, same)
	require.Equal(t, 3, count)
	require.Equal(t, begun, since, "a throttled answer must not start the grace of a not-found anew")

	_, count, since = streak(due, rule.Answer{Disposition: rule.NotFound}, time.Now())
	require.Equal(t, 4, count)
	require.Equal(t, begun, since)

	same, count, _ = streak(due, rule.Answer{Disposition: rule.Rejected}, time.Now())
	require.Equal(t, rule.Rejected, same)
	require.Equal(t, 1, count)
}

// The time in which nothing could be sent ends with an answer.
func TestAnAnswerEndsTheTimeInWhichNothingCouldBeSent(t *testing.T) {
	t.Parallel()
	r := intake.NewRegistry(nil, nil)
	now := time.Now()
	due := ledger.Due{ID: 1, Attempt: 1}
	throttled := ledger.Result{Answer: rule.Answer{Disposition: rule.Throttled}}
	first := complete(r, due, throttled, now)
	require.Equal(t, rule.Open, first.Next.State)
	require.Equal(t, now, first.UnsentSince)

	due.UnsentSince = first.UnsentSince
	again := complete(r, due, throttled, now.Add(26*time.Hour))
	require.Equal(t, rule.Open, again.Next.State, "a day of \"too fast\" is the account's matter")
	require.Equal(t, now, again.UnsentSince)

	answered := complete(r, due,
		ledger.Result{Answer: rule.Answer{Disposition: rule.InProgress}}, now.Add(25*time.Hour))
	require.Zero(t, answered.UnsentSince)
}

// A WMS that says now this, now that.
func TestAlternatingAnswersReachAPerson(t *testing.T) {
	t.Parallel()
	r := intake.NewRegistry(nil, nil)
	now := time.Now()
	due := ledger.Due{ID: 1, Attempt: 1, Evidence: rule.EvidenceSnapshot}
	answers := []rule.Disposition{rule.Unknown, rule.Throttled, rule.InProgress}
	for i := range 100 {
		now = now.Add(time.Minute)
		got := complete(r, due, ledger.Result{Answer: rule.Answer{Disposition: answers[i%len(answers)]}}, now)
		due.SameDisposition, due.SameCount, due.SameSince = got.SameDisposition, got.SameCount, got.SameSince
		due.AnswerChanges, due.UnsentSince, due.AnswerLost = got.AnswerChanges, got.UnsentSince, true
		if got.Next.State == rule.NeedsAttention {
			require.NotEmpty(t, got.Next.Work)
			return
		}
	}
	t.Fatal("asked again a hundred times, and nobody was told")
}

// The failure: a proxy answered 502 while the WMS was away, and "not found" afterwards was taken for "the lost request
// did it".
func TestOnlyALostAnswerCountsAsPerhapsDone(t *testing.T) {
	t.Parallel()
	for cause, want := range map[wmsv1.UnknownCause]bool{
		wmsv1.UnknownCause_UNKNOWN_CAUSE_LOST: true, wmsv1.UnknownCause_UNKNOWN_CAUSE_UNSPECIFIED: true,
		wmsv1.UnknownCause_UNKNOWN_CAUSE_PROXY: false, wmsv1.UnknownCause_UNKNOWN_CAUSE_UNREADABLE: false,
		wmsv1.UnknownCause(99): false,
	} {
		got := resultOf(ledger.Due{},
			&wmsv1.CancelResult{Disposition: wmsv1.Disposition_DISPOSITION_UNKNOWN, UnknownCause: cause})
		require.Equal(t, want, got.Answer.Lost, cause)
	}
	require.False(t,
		resultOf(ledger.Due{}, &wmsv1.CancelResult{Disposition: wmsv1.Disposition_DISPOSITION_NOT_FOUND}).Answer.Lost)
	require.True(t, unanswered(ledger.Due{}, "the stream broke").Answer.Lost)
}

// A success whose words nobody knows is no end: it is asked again, and its words are kept.
func TestAProvisionalSuccessIsInProgress(t *testing.T) {
	t.Parallel()
	got := resultOf(ledger.Due{}, &wmsv1.CancelResult{
		Disposition: wmsv1.Disposition_DISPOSITION_IN_PROGRESS, Provisional: true, VendorFlag: "success",
		VendorMessage: "已通知仓库", Detail: "a success whose words are not known",
	})
	require.Equal(t, rule.InProgress, got.Answer.Disposition)
	require.Equal(t, "已通知仓库", got.VendorMessage)
	require.NotEmpty(t, got.Detail)
	require.Equal(t, rule.Open, complete(intake.NewRegistry(nil, nil), ledger.Due{}, got, time.Now()).Next.State)
}

func TestADispositionOfALaterContractIsUnknown(t *testing.T) {
	t.Parallel()
	require.Equal(t, rule.Unknown, dispositionOf(wmsv1.Disposition(99)))
	require.Equal(t, rule.Unknown, dispositionOf(wmsv1.Disposition_DISPOSITION_UNSPECIFIED))
	for number, name := range wmsv1.Disposition_name {
		if number != 0 {
			require.Equal(t, "DISPOSITION_"+strings.ToUpper(string(dispositionOf(wmsv1.Disposition(number)))), name)
		}
	}
}

func TestARefusedItemWaitsForAPerson(t *testing.T) {
	t.Parallel()
	r := intake.NewRegistry(nil, nil)
	result := refusalOf(ledger.Due{ID: 1, Attempt: 1},
		&wmsv1.Refusal{Reason: wmsv1.ErrorReason_ERROR_REASON_CHARACTER_FORBIDDEN, Field: "order_code"})
	result = complete(r, ledger.Due{ID: 1, Attempt: 1}, result, time.Now())
	require.Equal(t, rule.NeedsAttention, result.Next.State)
	require.Equal(t, rule.WorkRequestRefused, result.Next.Work)
	require.False(t, result.Answer.Disposition.MayHaveLanded(), "a refusal is wmssvc's own word that nothing was sent")
}

func TestSendBeforeFollowsTheLastLook(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := &Batcher{Now: func() time.Time { return now }}
	e := shippedScheme(t)
	old := ledger.Due{VerifiedTime: now.Add(-e.VerifyAfter + e.VerifyAfter/6)}
	require.False(t, s.Sendable(e, old), "too little time is left to send: it must be looked at again")
	fresh := ledger.Due{VerifiedTime: now.Add(-e.VerifyAfter / 2)}
	require.True(t, s.Sendable(e, fresh))
	require.False(t, s.SendBefore(e, fresh).After(fresh.VerifiedTime.Add(e.VerifyAfter)))
	require.Equal(t, now.Add(sendWithin), s.SendBefore(e, ledger.Due{VerifiedTime: now}))
}
