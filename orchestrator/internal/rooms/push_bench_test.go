package rooms_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// BenchmarkPush takes cancellations from due to done through every statement of a push, in groups as they come with 64
// in flight, and says what Postgres needs for one: CPU of all its processes, bytes of its log, and how many updates of
// the table touched no index.
func BenchmarkPush(b *testing.B) {
	pool, err := ledger.Open(b.Context(), storetest.URL(b))
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	s, rows := rooms.New(pool), rowtest.New(b, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Exec(`
insert into bill (scheme, bill_id, bill_no, org, bill_kind, document_status, cancel_status, cancel_time, read_time,
    class, generation, generation_live, ever_live)
select $1, n, 'BENCH-' || lpad(n::text, 9, '0'), '100', 'Assembly', 'D', 'B', now(), now(), 'voided', 1, true, true
from generate_series(1, $2::bigint) n`,
		rowtest.SchemeName, b.N)
	rows.Exec(`
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select 'default', 'WH-HZ01', bill_no, 'QTRK' from bill`)
	rows.Exec(`
insert into cancellation (scheme, bill_id, bill_no, generation, order_id, bill_kind, direction, warehouse_number,
    cancel_reason, evidence, orders_from, revision, business_date)
select b.scheme, b.bill_id, b.bill_no, 1, o.order_id, 'Assembly', 'in', 'CK001', '金蝶作废 ' || b.bill_no, 'snapshot',
    'snapshot', 1, '2026-11-20'
from bill b join warehouse_order o on o.order_code = b.bill_no`)
	rows.Exec(`
insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, state, verified_time,
    decide_time)
select cancellation_id, order_id, scheme, bill_id, 'default', 'planned', now(), now() from cancellation`)
	rows.Exec(`update unsettled_cancellation set state = 'open', due_time = now()`)

	const group = 32
	request, reply := bytes.Repeat([]byte("q"), 700), bytes.Repeat([]byte("a"), 200)
	spent := map[string]time.Duration{}
	timed := func(what string, do func() error) {
		began := time.Now()
		require.NoError(b, do())
		spent[what] += time.Since(began)
	}
	cpu, wal := postgresCPU(b, pool), walBytes(b, pool)
	b.ResetTimer()
	for left := b.N; left > 0; {
		var batches []ledger.Batch
		timed("gather", func() error {
			g := ledger.Gathering{
				Revisions: map[string]int{rowtest.SchemeName: 1}, Limit: 10_000, Size: 500, Hold: time.Minute,
			}
			_, err := s.Gather(b.Context(), g, func(_ pgx.Tx, found []ledger.Batch) error {
				batches = found
				return nil
			})
			return err
		})
		require.NotEmpty(b, batches)
		for _, batch := range batches {
			var due []ledger.Due
			timed("load", func() (err error) { due, err = s.Load(b.Context(), batch.IDs); return })
			for len(due) > 0 {
				n := min(group, len(due))
				for i := range due[:n] {
					due[i].SendBefore = time.Now().Add(time.Minute)
				}
				var leased []ledger.Due
				timed("lease", func() (err error) { leased, err = s.Lease(b.Context(), due[:n], time.Minute); return })
				require.Len(b, leased, n)
				results := make([]ledger.Result, n)
				for i, d := range leased {
					now := time.Now()
					results[i] = ledger.Result{
						ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID,
						BillNo: d.BillNo, Answer: rule.Answer{Disposition: rule.Cancelled, Recognised: true},
						Next: rule.Next{State: rule.Done, Outcome: "cancelled"}, VendorFlag: "success",
						VendorMessage: "取消成功", HTTPStatus: 200, Dictionary: "default",
						Request: request, Reply: reply, SendTime: now, ReplyTime: now, SameDisposition: rule.Cancelled,
						SameCount: 1, SameSince: now,
					}
				}
				timed("results", func() error { return s.StoreResults(b.Context(), results, nil) })
				left -= n
				due = due[n:]
			}
			timed("give back", func() error { return s.GiveBack(b.Context(), batch.IDs) })
		}
	}
	b.StopTimer()
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) }
	b.ReportMetric(per(postgresCPU(b, pool)-cpu), "pg-cpu-µs/op")
	b.ReportMetric(float64(walBytes(b, pool)-wal)/float64(b.N), "wal-B/op")
	for what, d := range spent {
		b.ReportMetric(per(d), strings.ReplaceAll(what, " ", "-")+"-µs/op")
	}
	rows.Exec(`select pg_stat_force_next_flush()`)
	for _, table := range []string{"unsettled_cancellation", "attempt"} {
		var updates, hot int64
		require.NoError(b, pool.QueryRow(b.Context(),
			`select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = $1`, table).Scan(&updates, &hot))
		b.Logf("%s: %d updates, %d of them hot", table, updates, hot)
	}
}

// postgresCPU is what the server's processes for this database have used, user and system; 0 where /proc does not tell.
func postgresCPU(b *testing.B, pool *pgxpool.Pool) (total time.Duration) {
	rows, err := pool.Query(b.Context(),
		`select pid from pg_stat_activity where datname = current_database() or datname is null`)
	require.NoError(b, err)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(b, err)
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		var user, system int64
		if fields := strings.Fields(rest); len(fields) > 12 {
			_, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
			require.NoError(b, err)
		}
		total += time.Duration(user+system) * 10 * time.Millisecond
	}
	return total
}

func walBytes(b *testing.B, pool *pgxpool.Pool) (bytes int64) {
	require.NoError(b, pool.QueryRow(b.Context(), `select (pg_current_wal_insert_lsn() - '0/0')::bigint`).Scan(&bytes))
	return bytes
}
