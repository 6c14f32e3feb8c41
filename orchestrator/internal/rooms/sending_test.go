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

// gathered is how many due rows a dispatch finds for the writer's scheme.
func (w *writer) gathered() int {
	w.Helper()
	w.rows.Exec(`update cancellation_now set batch_until = null`)
	n, err := w.store.Gather(w.Context(),
		ledger.Gathering{Revisions: map[string]int{rowtest.SchemeName: 1}, Limit: 10, Size: 10, Hold: time.Minute},
		func(pgx.Tx, []ledger.Batch) error { return nil })
	require.NoError(w, err)
	return n
}

// backlog says whether a backfill would wait for what is due.
func (w *writer) backlog() bool {
	w.Helper()
	traffic, err := w.store.LiveTraffic(w.Context(), rowtest.SchemeName, 1)
	require.NoError(w, err)
	return traffic.Backlog
}

// What stops sending must stop it at each of the three steps: what was gathered before it is not loaded, and what was
// loaded before it is not leased.
func TestWhatStopsSendingStopsItAtEachStep(t *testing.T) {
	for name, stop := range map[string]struct{ on, off string }{
		"scheme stopped": {`update scheme set state = 'stopped', stop_reason = 'X'`, `update scheme set state = ` +
			`'running', stop_reason = ''`},
		"not in the file": {`update scheme set active = false`, `update scheme set active = true`},
		"observing":       {`update scheme set mode = 'dry_run'`, `update scheme set mode = 'send'`},
		"scheme paused": {`update scheme set pause_reason = 'operator', pause_time = now()`, `update scheme set ` +
			`pause_reason = '', pause_time = null`},
		"account paused": {
			`insert into account_pause (account, detail, probe_time) values ('default', 'sign', now())`,
			`delete from account_pause`,
		},
		"all stopped": {
			`insert into stop_all (stop_time, actor, reason) values (now(), 'li', 'fire')`, `delete from stop_all`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := setupWriter(t)
			due := w.owe(1, "A1", "WH1")
			may := func() bool {
				may, err := w.store.MaySend(t.Context(), rowtest.SchemeName, "default")
				require.NoError(t, err)
				return may
			}
			require.True(t, may())
			require.True(t, w.backlog(), "a backfill waits until it is sent")
			w.rows.Exec(stop.on)
			require.False(t, may())
			require.False(t, w.backlog(), "nothing will send it, so no backfill waits for it")
			require.Zero(t, w.gathered())
			require.Empty(t, w.due("A1"))
			require.Empty(t, w.lease(due))
			require.Zero(t, w.count(`select count(*) from attempt`))
			w.rows.Exec(stop.off)
			require.True(t, may())
			require.Equal(t, 1, w.gathered())
			require.Len(t, w.lease(w.due("A1")), 1)
		})
	}
}

func TestAPausedAccountLeavesTheOthersAlone(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1", "WH2")
	w.rows.Exec(`update cancellation_now set account = 'second' where warehouse_code = 'WH2'`)
	w.rows.Exec(`insert into account_pause (account, detail, probe_time) values ('second', 'sign', now())`)
	leased := w.lease(due)
	require.Len(t, leased, 1)
	require.Equal(t, "WH1", leased[0].WarehouseCode)
}

// A verification on a slow Kingdee outlives the hold of its batch: another batch sent the row and had its answer
// meanwhile. What the first had loaded is old then, and it must not ask again before its time.
func TestARowThatWasAnsweredSinceItWasLoadedIsNotLeased(t *testing.T) {
	w := setupWriter(t)
	loaded := w.owe(1, "A1", "WH1")
	others := w.lease(w.due("A1"))
	require.Len(t, others, 1)
	w.result(others[0], rule.InProgress, rule.Next{State: rule.Open, Wait: time.Hour})
	require.Empty(t, w.lease(loaded), "asked again an hour too soon")
	require.Len(t, w.lease(w.due("A1")), 1, "whoever loads it anew may")
}
