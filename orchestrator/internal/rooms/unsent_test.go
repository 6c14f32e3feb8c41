package rooms_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// postpone writes that these could not be handed over.
func (w *writer) postpone(ids []int64, wait, limit time.Duration, why string) error {
	return ledger.InTx(w.Context(), w.pool, func(tx pgx.Tx) error {
		return ledger.AwaitSending(w.Context(), tx, ids, wait, limit, why)
	})
}

// The WMS was down over a long weekend. What could not be sent in it must go out by itself when the WMS is back, not
// wait for a person.
func TestAnOutageOfTheWMSGivesNobodyToAPerson(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	away := func() string {
		require.NoError(t, w.postpone([]int64{cancellation.ID}, time.Minute, 24*time.Hour, "away"))
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

// Its process died five times, the last time while the WMS was away: that says nothing of the order.
func TestAnAttemptThatLapsesWhileAConditionBlocksIsNotTheOneThatAsksAPerson(t *testing.T) {
	for blocked, state := range map[bool]string{true: "open", false: "needs_attention"} {
		t.Run(state, func(t *testing.T) {
			w := setupWriter(t)
			d := w.lease(w.owe(1, "A1", "WH1"))[0]
			w.rows.Exec(`
update unsettled_cancellation
set lease_until = now() - interval '1 second', same_disposition = 'unknown', same_count = 4, same_since = now()`)
			if blocked {
				w.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: "default"})
			}
			dispatch := push.Dispatcher{
				Store: w.store, Registry: intake.NewRegistry(nil, nil), Logger: slog.New(slog.DiscardHandler),
				Now: time.Now,
			}
			require.NoError(t, dispatch.Run(t.Context()))
			require.Equal(t, state, w.state(d))
			require.Equal(t, map[bool]int{true: 1, false: 5}[blocked],
				w.count(`select same_count from unsettled_cancellation`))
		})
	}
}

// Kingdee was away for a day. A bill that could not be read before has its whole time again.
func TestATimeInWhichKingdeeCouldNotBeReadIsNotTheBillsOwn(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	id := w.rows.Condition(rowtest.Condition{Kind: "kingdee_away", DataCenterID: "dc-1"})
	w.rows.Exec(`update condition set since = now() - interval '1 day' where condition_id = $1`, id)
	w.rows.Exec(`update unsettled_cancellation set unread_since = now() - interval '25 hours'`)
	require.NoError(t, w.store.EndReading(t.Context(), "dc-1", "Kingdee answers",
		func(pgx.Tx, string) error { return nil }))
	require.Equal(t, 1, w.count(`select count(*) from unsettled_cancellation where unread_since is null`))
	require.Equal(t, "open", w.state(d))
}

// One bill stays hidden while others are read. An hour counts, and only of the time in which somebody was read.
func TestABillThatStaysUnreadForAnHourWhileOthersAreReadBecomesAWorkItem(t *testing.T) {
	w := setupWriter(t)
	d := w.owe(1, "A1", "WH1")[0]
	// unread is one more read, this long after the last, that does not show the bill.
	unread := func(after time.Duration, others bool) string {
		w.rows.Exec(`update unsettled_cancellation set unread_since = unread_since - $1::interval,
			update_time = update_time - $1::interval`, after)
		w.rows.Exec(`update watermark set last_run_time = now() - case when $1 then interval '0' else interval '9 hours'
			end`, others)
		w.verify(d, rule.Unread, time.Now(), false)
		return w.state(d)
	}
	require.Equal(t, "open", unread(0, true))
	for range 20 {
		require.Equal(t, "open", unread(5*time.Minute, false), "nobody was read")
	}
	slow := w.rows.Condition(rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1"})
	for range 20 {
		require.Equal(t, "open", unread(5*time.Minute, true), "Kingdee was too slow to ask")
	}
	w.rows.Exec(`update condition set end_time = now() where condition_id = $1`, slow)
	require.Equal(t, "open", unread(5*time.Minute, true), "the end of it lies in this gap")
	w.rows.Exec(`update condition set since = now() - interval '9 hours', end_time = now() - interval '8 hours'`)
	require.Equal(t, "open", unread(5*time.Hour, true), "we were away ourselves")
	for range 9 { // beside the 10 minutes that count of our own rest
		require.Equal(t, "open", unread(5*time.Minute, true))
	}
	require.Equal(t, "open", unread(4*time.Minute, true), "59 minutes")
	require.Equal(t, "needs_attention", unread(2*time.Minute, true))
	require.Equal(t, "bill_unread A1", w.text(`select kind || ' ' || bill_no from work_item where close_time is null`))
	require.Zero(t, w.count(`select attempt from unsettled_cancellation`))
}

// An orchestrator that was itself away for a week has not waited for the WMS in that time.
func TestOurOwnRestIsNotTheWMSsSilence(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.rows.Exec(`insert into wms_answer (account, answer_time) values ('default', now())`)
	w.rows.Exec(`update cancellation_now set unsent_since = now() - interval '7 days', unsent_time = now() - ` +
		`interval '7 days'`)
	require.NoError(t, w.postpone([]int64{cancellation.ID}, time.Minute, 24*time.Hour, "away"))
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
	require.NoError(t, w.postpone([]int64{cancellation.ID}, time.Second, 24*time.Hour, "away"))
	require.Equal(t, "open", w.state(cancellation))
}
