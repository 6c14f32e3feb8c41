package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Stands for a heap of 10,000 voids that took 18 s instead of 3: Postgres believed the tables to
// be all but empty, so each lease walked all that was open.
func TestLeasesDoNotWalkAllThatIsOpenWhenAHeapCameBeforeTheFirstAnalyze(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1"})
	copyRows(t, w.rows, w.pool, "bill", map[string]string{"bill_id": "n", "bill_no": "'N' || n"})
	copyRows(t, w.rows, w.pool, "cancellation", map[string]string{"bill_id": "n", "bill_no": "'N' || n"})
	ids, before := make([]int64, 64), make([]time.Time, 64)
	for i := range ids {
		ids[i], before[i] = int64(100+i), time.Now()
	}
	for name, asked := range map[string]struct {
		sql  string
		args []any
	}{
		"lease": {store.LeaseRows, []any{pgx.StrictNamedArgs{"ids": ids, "attempts": make([]int, len(ids)), "before": before, "lease": time.Minute}}},
		"load":  {store.LoadRows, []any{ids}},
		// Stands for 500 looked at again among 60,000 bills, which took 40 s instead of some milliseconds.
		"holders": {store.HolderRows, []any{ids}},
	} {
		t.Run(name, func(t *testing.T) {
			explained, err := w.pool.Query(t.Context(), `explain `+asked.sql, asked.args...)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(explained, pgx.RowTo[string])
			require.NoError(t, err)
			for i, line := range lines {
				// A bill's key leads to one bill only when both parts of it are given.
				if strings.Contains(line, "bill_pkey") {
					require.Contains(t, lines[i+1], "bill_id = ", "%s walks all bills of a scheme", name)
				}
			}
			plan := strings.Join(lines, "\n")
			for _, walk := range []string{"cancellation_planned", "Seq Scan on cancellation d", "Seq Scan on bill"} {
				require.NotContains(t, plan, walk, fmt.Sprintf("%s walks all rows", name))
			}
		})
	}
}

// Stands for a count of the last day that Postgres, not knowing where the day begins, expected to be a third of the table.
func TestTheSafetyLimitsDoNotCountAllThatWasEverDecided(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "done"})
	copyRows(t, w.rows, w.pool, "cancellation", map[string]string{"bill_id": "n", "bill_no": "'N' || n", "decide_time": "now() - n * interval '5 minutes'"})
	w.rows.Exec(`analyze cancellation`)
	explained, err := w.pool.Query(t.Context(), `explain `+store.CountDecided, rowtest.SchemeName, time.Now().Add(-24*time.Hour), 10_000_000)
	require.NoError(t, err)
	plan, err := pgx.CollectRows(explained, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, strings.Join(plan, "\n"), "cancellation_decided")
	require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan")
}
