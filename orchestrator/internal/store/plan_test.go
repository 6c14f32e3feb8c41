package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

// Stands for a heap of 10,000 voids that took 18 s instead of 3: Postgres believed the tables to
// be all but empty, so each claim walked all that was open.
func TestClaimsDoNotWalkAllThatIsOpenWhenAHeapCameBeforeTheFirstAnalyze(t *testing.T) {
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
		"claim": {store.ClaimRows, []any{pgx.StrictNamedArgs{"ids": ids, "before": before, "claim": time.Minute}}},
		"load":  {store.LoadRows, []any{ids}},
	} {
		t.Run(name, func(t *testing.T) {
			explained, err := w.pool.Query(t.Context(), `explain `+asked.sql, asked.args...)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(explained, pgx.RowTo[string])
			require.NoError(t, err)
			plan := strings.Join(lines, "\n")
			for _, walk := range []string{"cancellation_planned", "Seq Scan on cancellation d", "Seq Scan on bill", "bill_pkey"} {
				require.NotContains(t, plan, walk, fmt.Sprintf("%s walks all rows", name))
			}
		})
	}
}
