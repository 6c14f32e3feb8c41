package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// untilLocked waits until somebody waits for a lock of somebody else.
func (w *writer) untilLocked() {
	w.Helper()
	require.Eventually(w, func() bool {
		return w.rows.Text(`
select count(*)::text from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`) != "0"
	}, 20*time.Second, 5*time.Millisecond)
}

// A run and a look settle at the same moment, each below the limit and together above it: neither counted the other,
// and both sent.
func TestTwoSourcesAtOnceShareOneSafetyLimit(t *testing.T) {
	w := setupWriter(t)
	safetyLimits := rule.SafetyLimits{PerHour: 5, PerDay: 100}
	run, finish := w.run(), finishAt(rowtest.Now.Add(time.Minute))
	finish.SafetyLimits = safetyLimits
	passed := make(chan error, 1)
	committed, err := w.store.CommitDecided(t.Context(), w.basisOf(safetyLimits.PerHour, safetyLimits.PerDay),
		voidedPage(1, "A1", "WH1", "WH2", "WH3"),
		func(pgx.Tx, ledger.Committed) error {
			go func() {
				_, err := w.store.FinishRun(t.Context(), run, voidedPage(2, "A2", "WH1", "WH2", "WH3"), finish, none)
				passed <- err
			}()
			w.untilLocked()
			return nil
		})
	require.NoError(t, err)
	require.EqualValues(t, 3, committed.Opened)
	require.NoError(t, <-passed)
	require.Equal(t, 6,
		w.count(`select count(*) from cancellation_now where state = 'held' and hold_reason = 'safety_limit_hour'`),
		"who came first is held too")
	require.Equal(t, 1, w.count(openWorkItems))
	require.Empty(t, w.due("A1"))
}

// Two pages that are being written both share the row of their scheme. Neither could then have it alone: they waited
// for each other until Postgres ended one.
func TestASettlementDoesNotWaitForAPageThatIsBeingWritten(t *testing.T) {
	w := setupWriter(t)
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), `select from scheme where scheme = $1 for key share`, rowtest.SchemeName)
	require.NoError(t, err)
	require.Len(t, w.owe(1, "A1", "WH1"), 1)
}

func TestGoingToSendBeginsTheSafetyLimitsAnew(t *testing.T) {
	w := setupWriter(t)
	safetyLimits := rule.SafetyLimits{PerHour: 3, PerDay: 10}
	held := func() int { return w.count(`select count(*) from cancellation_now where state = 'held'`) }
	w.owed(safetyLimits, 1, "A1", "WH1", "WH2", "WH3")
	require.Zero(t, held())
	_, err := w.acts().SetMode(t.Context(), act(""), false)
	require.NoError(t, err)
	w.owed(safetyLimits, 2, "A2", "WH1", "WH2", "WH3", "WH4")
	require.Zero(t, held(), "what is only decided in dry run needs no safety limit")
	_, err = w.acts().SetMode(t.Context(), act(""), true)
	require.NoError(t, err)
	w.owed(safetyLimits, 3, "A3", "WH1", "WH2", "WH3")
	require.Zero(t, held(), "the count begins with the mode")
	w.owed(safetyLimits, 4, "A4", "WH1")
	require.Equal(t, 4, held())
}
