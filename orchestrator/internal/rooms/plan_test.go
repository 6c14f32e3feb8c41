package rooms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Stands for a heap of 10,000 voids that took 18 s instead of 3: Postgres believed the tables to
// be all but empty, so each lease walked all that was open.
func TestLeasesDoNotWalkAllThatIsOpenWhenAHeapCameBeforeTheFirstAnalyze(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1"})
	copyRows(t, w.rows, w.pool, "bill", map[string]string{"bill_id": "n", "bill_no": "'N' || n"})
	copyRows(t, w.rows, w.pool, "warehouse_order", map[string]string{"order_code": "'N' || n"})
	copyRows(t, w.rows, w.pool, "cancellation",
		map[string]string{"bill_id": "n", "bill_no": "'N' || n", "order_id": "n"})
	copyRows(t, w.rows, w.pool, "unsettled_cancellation",
		map[string]string{"cancellation_id": "n", "bill_id": "n", "order_id": "n"})
	w.rows.Exec(`insert into claim (scheme, bill_id, generation, order_id, revision)
select scheme, bill_id, 1, bill_id, 1 from bill`)
	ids, before := make([]int64, 64), make([]time.Time, 64)
	for i := range ids {
		ids[i], before[i] = int64(100+i), time.Now()
	}
	for name, asked := range map[string]struct {
		sql  string
		args []any
	}{
		"lease": {push.LeaseRows, []any{
			pgx.StrictNamedArgs{
				"ids": ids, "orders": ids, "attempts": make([]int, len(ids)), "revisions": make([]int, len(ids)),
				"before": before, "lease": time.Minute,
			},
		}},
		"load": {push.LoadRows, []any{ids}},
		// Stands for 500 looked at again among 60,000 bills, which took 40 s instead of some milliseconds.
		"claimants": {ledger.ClaimantRows, []any{ids}},
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
			for _, walk := range []string{
				"unsettled_due", "unsettled_bill", "unsettled_state", "Seq Scan on unsettled_cancellation d",
				"Seq Scan on cancellation f", "Seq Scan on bill",
			} {
				require.NotContains(t, plan, walk, fmt.Sprintf("%s walks all rows", name))
			}
		})
	}
}

// Stands for a count of the last day that Postgres, not knowing where the day begins, expected to be a third
// of the table.
func TestTheSafetyLimitsDoNotCountAllThatWasEverDecided(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "done"})
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A2"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "A2"})
	back := "now() - n * interval '5 minutes'"
	copyRows(t, w.rows, w.pool, "outcome", map[string]string{"cancellation_id": "n", "decide_time": back})
	copyRows(t, w.rows, w.pool, "unsettled_cancellation",
		map[string]string{"cancellation_id": "n + 5000", "order_id": "n + 5000", "decide_time": back})
	w.rows.Exec(`analyze`)
	explained, err := w.pool.Query(t.Context(), `explain `+intake.CountDecided, rowtest.SchemeName,
		time.Now().Add(-24*time.Hour), 10_000_000)
	require.NoError(t, err)
	plan, err := pgx.CollectRows(explained, pgx.RowTo[string])
	require.NoError(t, err)
	require.Contains(t, strings.Join(plan, "\n"), "unsettled_decided")
	require.Contains(t, strings.Join(plan, "\n"), "outcome_decided")
	require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan")
}

// A page of the list asked for by state is led by that state, whatever else the ledger holds.
func TestAPageOfAStateIsFoundByItsIndex(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "done"})
	copyRows(t, w.rows, w.pool, "warehouse_order", map[string]string{"order_code": "'N' || n"})
	copyRows(t, w.rows, w.pool, "cancellation",
		map[string]string{"bill_id": "n", "bill_no": "'N' || n", "order_id": "n"})
	copyRows(t, w.rows, w.pool, "outcome", map[string]string{
		"cancellation_id": "n", "state": "case when n % 500 = 0 then 'closed' else 'done' end",
	})
	w.rows.Bill(rowtest.Bill{ID: 5001, No: "A5001"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 5001, BillNo: "A5001", State: "needs_attention"})
	w.rows.Exec(`analyze`)
	for _, asked := range []struct {
		states  []string
		indexes []string
	}{
		{[]string{"needs_attention"}, nil}, // as long as there is one, its table is as good as an index
		{[]string{"closed"}, []string{"outcome_state"}},
		{[]string{"done"}, []string{"outcome_pkey"}},
		{[]string{"needs_attention", "closed"}, []string{"outcome_state"}},
	} {
		t.Run(strings.Join(asked.states, " and "), func(t *testing.T) {
			sql, args, _ := query.Found(ledger.CancellationFilter{Scheme: rowtest.SchemeName, States: asked.states},
				ledger.CancellationPage{Limit: 50})
			explained, err := w.pool.Query(t.Context(), `explain `+sql, args)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(explained, pgx.RowTo[string])
			require.NoError(t, err)
			plan := strings.Join(lines, "\n")
			for _, index := range asked.indexes {
				require.Contains(t, plan, index)
			}
			for _, walk := range []string{
				"Seq Scan on outcome", "Seq Scan on cancellation", "Seq Scan on warehouse_order",
			} {
				require.NotContains(t, plan, walk)
			}
			found, err := w.store.CancellationViews(t.Context(), ledger.CancellationFilter{States: asked.states},
				ledger.CancellationPage{Limit: 5})
			require.NoError(t, err)
			require.NotEmpty(t, found)
			for _, c := range found {
				require.Contains(t, asked.states, c.State)
			}
		})
	}
}
