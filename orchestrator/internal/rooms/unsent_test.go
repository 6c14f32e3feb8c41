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

// The requests of one order came to nothing for three hours, while others of the account were answered. That is its
// account's matter: it waits, no work item of its own is opened, and it is among those to phone through.
func TestWhatIsNotSentOrTooFastWaitsWithItsAccount(t *testing.T) {
	for _, disposition := range []rule.Disposition{rule.NotSent, rule.Throttled} {
		t.Run(string(disposition), func(t *testing.T) {
			w := setupWriter(t)
			due := w.lease(w.owe(1, "A1", "WH1"))[0]
			w.lease(w.owe(2, "A2", "WH1"))
			const resting = `
select coalesce(string_agg(kind || ' ' || subject || ': ' || detail, ', '), '')
from work_item where close_time is null`
			result := w.resultOf(due, disposition, rule.Next{State: rule.Open})
			result.UnsentSince = time.Now()
			require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{result}, nil))
			w.rows.Exec(`update unsettled_cancellation set unsent_since = unsent_since - interval '119 minutes'`)
			require.NoError(t, w.store.TellResting(t.Context()))
			require.Empty(t, w.text(resting))
			w.rows.Exec(`update unsettled_cancellation set unsent_since = unsent_since - interval '2 minutes'`)
			require.NoError(t, w.store.TellResting(t.Context()))
			require.Equal(t, "resting_orders default: WH1 (1): A1", w.text(resting))
			require.Equal(t, "open", w.state(due))
		})
	}
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

// The bill was read two seconds ago. A probe of an unknown outcome looks again all the same.
func TestAnUnknownOutcomeIsVerifiedBeforeItIsProbed(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	require.False(t, cancellation.VerifiedTime.Before(time.Now().Add(-time.Minute)))
	w.result(cancellation, rule.Unknown, rule.Next{State: rule.Open, Verify: true})
	require.True(t, w.due("A1")[0].VerifiedTime.Before(time.Now().AddDate(-1, 0, 0)))
}

// What could not be sent is told to the next try with since when that has been so.
func TestTheTimeInWhichNothingCouldBeSentIsKept(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	result := w.resultOf(cancellation, rule.Throttled, rule.Next{State: rule.Open})
	result.Account, result.UnsentSince = "default", since
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{result}, nil))
	require.True(t, since.Equal(w.due("A1")[0].UnsentSince))
}
