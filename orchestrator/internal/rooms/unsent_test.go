package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// The WMS was down over a long weekend. What could not be sent in it must go out by itself when the WMS is back, not
// wait for a person.
func TestAnOutageOfTheWMSGivesNobodyToAPerson(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	away := func() string {
		require.NoError(t, w.store.Postpone(t.Context(), []int64{cancellation.ID}, time.Minute, 24*time.Hour, "away"))
		return w.state(cancellation)
	}
	require.Equal(t, "open", away())
	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '4 days', unsent_time = now() - ` +
		`interval '5 minutes'`)
	require.Equal(t, "open", away())
	require.Equal(t, 1, w.count(`select count(*) from cancellation_now where due_time between now() + interval '4 `+
		`minutes' and now() + interval '8 minutes'`))

	// Now others are answered, and this one still does not get through.
	other := w.lease(w.owe(2, "A2", "WH1"))[0]
	answer := w.resultOf(other, rule.Cancelled, done)
	answer.Account = "default"
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{answer}, nil))
	w.rows.Exec(`update cancellation_now set unsent_time = now() - interval '5 minutes', unsent_for = '23:57:00' ` +
		`where bill_no = 'A1'`)
	require.Equal(t, "needs_attention", away())
	require.Equal(t, 1, w.count(`select count(*) from work_item where kind = 'not_sent_too_long'`))
}

// An orchestrator that was itself away for a week has not waited for the WMS in that time.
func TestOurOwnRestIsNotTheWMSsSilence(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.rows.Exec(`insert into wms_answer (account, answer_time) values ('default', now())`)
	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '7 days', unsent_time = now() - ` +
		`interval '7 days'`)
	require.NoError(t, w.store.Postpone(t.Context(), []int64{cancellation.ID}, time.Minute, 24*time.Hour, "away"))
	require.Equal(t, "open", w.state(cancellation))
}

// The bill was read two seconds ago. A probe of an unknown outcome looks again all the same.
func TestAnUnknownOutcomeIsVerifiedBeforeItIsProbed(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	require.False(t, cancellation.VerifiedTime.Before(time.Now().Add(-time.Minute)))
	w.result(cancellation, rule.Unknown, rule.Next{State: rule.Open, Verify: true})
	require.True(t, w.due("A1")[0].VerifiedTime.Before(time.Now().AddDate(-1, 0, 0)))
}

// What could not be sent is told to the next try with how long that has been so.
func TestTheTimeThatCountsIsKept(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	result := w.resultOf(cancellation, rule.Throttled, rule.Next{State: rule.Open})
	result.Account, result.UnsentSince, result.UnsentFor = "default", time.Now().Add(-time.Hour), 40*time.Minute
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{result}, nil))
	again := w.due("A1")[0]
	require.Equal(t, 40*time.Minute, again.UnsentFor)
	require.WithinDuration(t, time.Now(), again.UnsentTime, time.Minute)
	require.WithinDuration(t, time.Now(), again.AnsweredTime, time.Minute, `"too fast" is an answer`)
}

// A cancellation could not be sent for a day and waits for a person; its void was taken back and came again. The new
// cancellation has its own day.
func TestACancellationOwedAnewHasItsWholeTimeToBeSent(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '25 hours', unsent_time = now(), ` +
		`unsent_for = '25 hours'`)
	w.verify(cancellation, rule.NoTrigger, time.Now(), false)
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	page := voidedPage(1, "A1", "WH1")
	page.Bills[0].Before = known[1].ReadTime
	_, err = w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.NoError(t, w.store.Postpone(t.Context(), []int64{cancellation.ID}, time.Second, 24*time.Hour, "away"))
	require.Equal(t, "open", w.state(cancellation))
}
