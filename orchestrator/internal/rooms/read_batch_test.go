package rooms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A bill that held one asked number and holds another belongs to both; two that only a work item knows, by their
// numbers alone, do not get into one another.
func TestManyBillsAreFoundInOneCall(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	rows.Bill(rowtest.Bill{ID: 1, No: "NEW-1"})
	rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "OLD-1", State: "done"})
	rows.Bill(rowtest.Bill{ID: 2, No: "OLD-1", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 2, No: "OLD-1", Scheme: "other", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 3, No: "LATE-3"})
	late := rows.Cancellation(rowtest.Cancellation{BillID: 3, BillNo: "LATE-3", State: "needs_attention"})
	rows.Work(rowtest.Work{Kind: "too_late", BillID: 3, BillNo: "LATE-3", CancellationID: late})
	rows.Work(rowtest.Work{Kind: "bill_undecodable", BillNo: "BAD-1", Subject: "a", Detail: "first"})
	rows.Work(rowtest.Work{Kind: "bill_undecodable", BillNo: "BAD-2", Subject: "b", Detail: "second"})
	asked := []string{"NEW-1", "OLD-1", "LATE-3", "BAD-1", "BAD-2", "NOBODY-1"}

	told := func(scheme string) []string {
		bills, err := s.BatchBillViews(t.Context(), asked, scheme)
		require.NoError(t, err)
		var lines []string
		for _, b := range bills {
			slices.Sort(b.Numbers)
			line := fmt.Sprintf("%s %d %s for %s: %d cancellations", b.Scheme, b.BillID, b.BillNo,
				strings.Join(b.Numbers, " "), len(b.Cancellations))
			for _, w := range b.Work {
				line += ", " + w.Kind + " " + w.BillNo
			}
			require.Empty(t, b.History)
			lines = append(lines, line)
		}
		slices.Sort(lines)
		return lines
	}
	assembly := []string{
		"assembly 0 BAD-1 for BAD-1: 0 cancellations, bill_undecodable BAD-1",
		"assembly 0 BAD-2 for BAD-2: 0 cancellations, bill_undecodable BAD-2",
		"assembly 1 NEW-1 for NEW-1 OLD-1: 1 cancellations",
		"assembly 2 OLD-1 for OLD-1: 0 cancellations",
		"assembly 3 LATE-3 for LATE-3: 1 cancellations, too_late LATE-3",
	}
	other := []string{"other 2 OLD-1 for OLD-1: 0 cancellations"}
	require.Equal(t, assembly, told("assembly"))
	require.Equal(t, other, told("other"))
	require.Equal(t, slices.Concat(assembly, other), told(""))
}

// What a thousand bills need is found bill by bill, by index, or once for all: no table is walked for each of them. It
// is counted in pages, since a clock would count the machine's other work, too.
func TestAThousandBillsReadNoMoreThanAThousandTimesOne(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Bill(rowtest.Bill{ID: 1, No: "N1", Snapshot: true})
	first := rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "N1", State: "done", Attempt: 1})
	rows.Attempt(rowtest.Attempt{CancellationID: first, Disposition: "cancelled"})
	copyRows(t, rows, pool, "bill", map[string]string{"bill_id": "n", "bill_no": "'N' || n"})
	copyRows(t, rows, pool, "warehouse_order", map[string]string{"order_code": "'N' || n"})
	copyRows(t, rows, pool, "cancellation", map[string]string{"bill_id": "n", "bill_no": "'N' || n", "order_id": "n"})
	copyRows(t, rows, pool, "outcome", map[string]string{"cancellation_id": "n"})
	rows.Exec(`insert into voidrelay.work_item (scheme, kind, bill_id, bill_no, close_time, close_reason)
select 'assembly', 'rejected', n, 'N' || n, now(), 'settled' from generate_series(1, 5000) n`)
	rows.Exec(`analyze`)
	pages := func(sql string, args pgx.StrictNamedArgs) int {
		t.Helper()
		var plan []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		require.NoError(t, pool.QueryRow(t.Context(), `explain (analyze, buffers, timing off, format json) `+sql,
			args).Scan(&plan))
		return plan[0].Plan.Hit + plan[0].Plan.Read
	}
	numbers, ids, schemes := make([]string, 1000), make([]int64, 1000), make([]string, 1000)
	for i := range numbers {
		ids[i] = int64(5*i + 1)
		numbers[i], schemes[i] = fmt.Sprintf("N%d", ids[i]), rowtest.SchemeName
	}
	for sql, args := range map[string]func(n int) pgx.StrictNamedArgs{
		query.BillsByNumber: func(n int) pgx.StrictNamedArgs {
			return pgx.StrictNamedArgs{"bill_nos": numbers[:n], "scheme": "", "limit": 100 * n}
		},
		query.WorkOfBills: func(n int) pgx.StrictNamedArgs {
			return pgx.StrictNamedArgs{"bill_nos": numbers[:n], "schemes": schemes[:n], "ids": ids[:n]}
		},
	} {
		one, thousand := pages(sql, args(1)), pages(sql, args(1000))
		require.LessOrEqual(t, thousand, 1000*one, sql)
	}
}
