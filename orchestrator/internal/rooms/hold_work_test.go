package rooms_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A reconcile run reaches the safety limit while a run has cancellations planned, which are held with the rest. A
// person releases what is held, and with it the safety limit's item goes. Then the run ends: what it planned is held,
// and nobody would ever hear of it.
func TestWhatARunHoldsBehindASafetyLimitThatWasReleasedMeanwhileIsTold(t *testing.T) {
	w := setupWriter(t)
	run := w.run()
	require.NoError(t, w.store.CommitPage(t.Context(), run, voidedPage(1, "A1", "WH1"), none))
	tight := w.basisOf(1, 1)
	_, err := w.store.CommitDecided(t.Context(), tight, voidedPage(2, "A2", "WH1", "WH2"),
		func(pgx.Tx, ledger.Committed) error { return nil })
	require.NoError(t, err)
	require.Equal(t, []string{"safety_limit"}, openWorkKinds(t, w.pool))
	released, err := w.acts().Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, released)
	require.Empty(t, openWorkKinds(t, w.pool))

	_, err = w.store.FinishRun(t.Context(), run, ledger.Page{Cursor: 1}, finishAt(rowtest.Now), none)
	require.NoError(t, err)
	require.Equal(t, "held", w.text(`select state from cancellation_now where bill_no = 'A1'`))
	require.Equal(t, []string{"safety_limit"}, openWorkKinds(t, w.pool))
	released, err = w.acts().Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	require.EqualValues(t, 1, released)
	require.Empty(t, openWorkKinds(t, w.pool))
}

// A bill was voided without any date. A person releases its cancellation, or the void is taken back: the question is
// answered, and its item must not go on calling for a person.
func TestTheItemOfAVoidWithoutADateGoesWithItsCancellation(t *testing.T) {
	owe := func(t *testing.T) (*writer, int64) {
		w := setupWriter(t)
		page := voidedPage(1, "A1", "WH1")
		page.Cancellations[0].Hold = rule.HoldNoEventTime
		_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now), none)
		require.NoError(t, err)
		require.Equal(t, []string{"no_event_time"}, openWorkKinds(t, w.pool))
		require.Equal(t, "held 需人工", w.text(`select c.state || ' ' || v.verdict from cancellation_now c
join reporting.bill_verdict v using (scheme, bill_id)`))
		return w, int64(w.count(`select cancellation_id from cancellation_now`))
	}
	t.Run("released", func(t *testing.T) {
		w, id := owe(t)
		released, err := w.acts().Release(t.Context(), act(""), []int64{id})
		require.NoError(t, err)
		require.EqualValues(t, 1, released)
		require.Empty(t, openWorkKinds(t, w.pool))
		require.Equal(t, "处理中", w.text(`select verdict from reporting.bill_verdict`))
	})
	t.Run("ignored", func(t *testing.T) {
		w, id := owe(t)
		_, err := w.acts().Operate(t.Context(), ledger.Ignore, act(""),
			ledger.CancellationFilter{Scheme: rowtest.SchemeName, IDs: []int64{id}}, ledger.Bounds{Max: 1})
		require.NoError(t, err)
		require.Empty(t, openWorkKinds(t, w.pool))
	})
	t.Run("withdrawn", func(t *testing.T) {
		w, _ := owe(t)
		known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
		require.NoError(t, err)
		live := voidedPage(1, "A1")
		live.Bills[0].Before, live.Bills[0].After.State.CancelStatus = known[1].ReadTime, rule.NotVoided
		live.Withdraw = []int64{1}
		_, err = w.store.FinishRun(t.Context(), w.run(), live, finishAt(rowtest.Now), none)
		require.NoError(t, err)
		require.Equal(t, "withdrawn", w.text(`select state from cancellation_now`))
		require.Empty(t, openWorkKinds(t, w.pool))
	})
}
