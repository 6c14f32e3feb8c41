package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A run and a backfill meet a bill for the first time at one moment: the one saw it live, the other a moment later
// voided, and neither knew of the other. The later one must not write as if the bill had never been seen live: its
// snapshot and its first generation would be gone.
func TestTheSecondToMeetABillForTheFirstTimeDecidesItAgain(t *testing.T) {
	w := setupWriter(t)
	blind := voidedPage(1, "A1", "WH1")
	blind.Bills[0].After.EverLive, blind.Bills[0].After.ReadTime = false, time.Now().Add(time.Second)

	// The first has inserted the bill and not committed yet when the second finds no row to lock.
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), `
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, read_time, class,
    generation, generation_live, ever_live)
values ($1, 1, 'A1', '100', 'Assembly', 'C', 'A', now(), 'live', 1, true, true)`, rowtest.SchemeName)
	require.NoError(t, err)
	second := make(chan error, 1)
	go func() {
		_, err := w.store.FinishRun(t.Context(), w.run(), blind, finishAt(rowtest.Now), none)
		second <- err
	}()
	require.Eventually(t, func() bool {
		return w.rows.Text(`
select count(*)::text from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) != "0"
	}, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorIs(t, <-second, ledger.ErrConflict)
	require.Equal(t, "live", w.text(`select class from bill where ever_live`))
	require.Zero(t, w.count(`select count(*) from cancellation_now`))
}
