package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// While statistics are old, Postgres takes a table for small that has grown: it then read all orders and cancellations
// for each row of a page, and a run of 10,000 bills took 12 s instead of one.
func TestAPageIsWrittenByIndexHoweverOldTheStatisticsAre(t *testing.T) {
	w := setupWriter(t)
	w.rows.Exec(`alter table warehouse_order set (autovacuum_enabled = false);
alter table cancellation set (autovacuum_enabled = false); alter table bill set (autovacuum_enabled = false)`)
	const tables = `relname in ('bill', 'cancellation', 'warehouse_order')`
	page := func(from int64) {
		run := w.run()
		whole := voidedPage(from, "A", "WH1")
		for id := from + 1; id < from+300; id++ {
			one := voidedPage(id, "A", "WH1")
			whole.Bills = append(whole.Bills, one.Bills...)
			whole.Cancellations = append(whole.Cancellations, one.Cancellations...)
			whole.RunCounts.Add(one.RunCounts)
		}
		for i := range whole.Cancellations {
			whole.Cancellations[i].OrderCode += string(rune('a'+i/26)) + string(rune('a'+i%26))
		}
		// One connection writes it: what it has counted is told once it is gone.
		config := w.pool.Config()
		config.MaxConns = 1
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		require.NoError(t, err)
		defer pool.Close()
		_, err = rooms.New(pool).FinishRun(t.Context(), run, whole, finishAt(rowtest.Now.Add(time.Second)), none)
		require.NoError(t, err)
		var pid int
		require.NoError(t, pool.QueryRow(t.Context(), `select pg_backend_pid()`).Scan(&pid))
		pool.Close()
		require.Eventually(t, func() bool {
			return w.count(`select count(*) from pg_stat_activity where pid = $1`, pid) == 0
		}, 20*time.Second, 20*time.Millisecond)
	}
	page(1)
	wholly := func() int {
		return w.count(`select sum(seq_tup_read)::integer from pg_stat_user_tables where ` + tables)
	}
	before := wholly()
	page(1000)
	require.Equal(t, before, wholly())
	require.Equal(t, 600, w.count(`select count(*) from cancellation`))
}
