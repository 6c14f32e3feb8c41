package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

const openWorkItems = `
select (select count(*) from work_item where close_time is null)
     + (select count(*) from condition where end_time is null)`

// committed stores what a fresh read at this time said of a cancellation.
func (w *writer) committed(d ledger.Due, outcome rule.Verification, at time.Time) {
	w.Helper()
	require.NoError(w, w.store.StoreVerified(w.Context(), rowtest.SchemeName, 1,
		[]ledger.Verified{{ID: d.ID, Outcome: outcome, ReadTime: at}}, time.Second, time.Hour))
}

// A process was paused past its lease: the lapse gave a person the cancellation, then the answer of that very
// attempt is written.
func TestALateCancelledOfTheCurrentAttemptEndsACancellationThatNeedsAttention(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.Unknown, rule.Next{State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown})
	require.Equal(t, "needs_attention", w.state(cancellation))
	w.result(cancellation, rule.Cancelled, done)
	require.Equal(t, "done", w.state(cancellation))
	require.Zero(t, w.count(openWorkItems))
}

// It was held for a person while its request was on its way.
func TestACancelledOfACancellationHeldMeanwhileEndsIt(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.rows.Exec(`update unsettled_cancellation set state = 'held', hold_reason = 'number_reuse_unsaid'`)
	require.Equal(t, "held", w.state(cancellation))
	w.result(cancellation, rule.Cancelled, done)
	require.Equal(t, "done", w.state(cancellation))
	require.Zero(t, w.count(openWorkItems))
}

// The cancellation was withdrawn and planned again while its request was on its way, and then settled in dry run.
func TestACancelledThatComesWhileObservedIsKept(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.rows.Exec(`update cancellation_now set state = 'dry_run', outcome = 'dry_run', outcome_time = now()`)
	w.result(cancellation, rule.Cancelled, done)
	require.Equal(t, "done", w.state(cancellation), "the order is cancelled")
	require.Equal(t, "cancelled", w.text(`select outcome from cancellation_now`))
}

func TestAStaleAnswerOpensNoWorkForADoneCancellation(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Unknown, rule.Next{State: rule.Open})
	second := w.lease(w.due("A1"))[0]
	w.result(second, rule.Cancelled, done)
	w.result(first, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	require.Equal(t, "done", w.state(second))
	require.Zero(t, w.count(openWorkItems), "a work item about a cancellation that is done")
}

func TestAStaleAnswerDoesNotCloseTheWorkOfACancellationThatNeedsAttention(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Unknown, rule.Next{State: rule.Open})
	second := w.lease(w.due("A1"))[0]
	w.result(second, rule.Rejected, rule.Next{State: rule.NeedsAttention, Work: rule.WorkRejected})
	w.result(first, rule.NotFound, rule.Next{State: rule.Closed, Outcome: "no_order"})
	require.Equal(t, "needs_attention", w.state(second))
	require.Equal(t, 1, w.count(openWorkItems), "with a person for ever and nobody is told")
}

func TestAResultWrittenTwiceLeavesItsEvidenceOnce(t *testing.T) {
	w := setupWriter(t)
	r := w.resultOf(w.lease(w.owe(1, "A1", "WH1"))[0], rule.Rejected, rule.Next{State: rule.Open, Wait: time.Hour})
	r.Request, r.Reply = []byte("question"), []byte("answer")
	for range 2 {
		require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{r}, nil))
	}
	require.Equal(t, 1, w.count(`select count(*) from attempt_evidence`))
}

// Both answers are written in one group: only the current attempt's may ask for a person.
func TestAStaleAnswerInTheGroupOfTheCurrentOneOpensNoWork(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Unknown, rule.Next{State: rule.Open})
	second := w.lease(w.due("A1"))[0]
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{
		w.resultOf(first, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate}),
		w.resultOf(second, rule.InProgress, rule.Next{State: rule.Open, Wait: time.Minute}),
	}, nil))
	require.Equal(t, "open", w.state(second))
	require.Zero(t, w.count(openWorkItems))
}
