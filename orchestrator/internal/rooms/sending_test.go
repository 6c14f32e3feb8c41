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

// condition opens one and ends it.
func condition(c rowtest.Condition) func(rowtest.DB) func() {
	return func(rows rowtest.DB) func() {
		id := rows.Condition(c)
		return func() { rows.EndCondition(id) }
	}
}

func statements(on, off string) func(rowtest.DB) func() {
	return func(rows rowtest.DB) func() {
		rows.Exec(on)
		return func() { rows.Exec(off) }
	}
}

// What is about somebody else stops nobody.
func TestAConditionStopsOnlyWhatItIsAbout(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	w.rows.Scheme(rowtest.Scheme{Scheme: "other"})
	for _, c := range []rowtest.Condition{
		{Kind: "paused", Scheme: "other"},
		{Kind: "account_refused", Account: "second"},
		{Kind: "permission_suspect", Scheme: "other"},
		{Kind: "ledger_away", Host: "host-2"},
		{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"},
		{Kind: "reading_behind", Scheme: rowtest.SchemeName},
		{Kind: "cancelled_elsewhere", Scheme: rowtest.SchemeName},
	} {
		w.rows.Condition(c)
		may, err := w.store.MaySend(t.Context(), rowtest.SchemeName, "default")
		require.NoError(t, err)
		require.True(t, may, "%+v", c)
	}
	require.Equal(t, 1, w.gathered())
}

// What stops sending must stop it at each of the three steps: what was gathered before it is not loaded, and what was
// loaded before it is not leased.
func TestWhatStopsSendingStopsItAtEachStep(t *testing.T) {
	for name, stop := range map[string]func(rowtest.DB) (end func()){
		"scheme stopped":  condition(rowtest.Condition{Kind: "permission_suspect", Scheme: rowtest.SchemeName}),
		"scheme paused":   condition(rowtest.Condition{Kind: "paused", Scheme: rowtest.SchemeName}),
		"mapping doubted": condition(rowtest.Condition{Kind: "mapping_suspected", Scheme: rowtest.SchemeName}),
		"account refused": condition(rowtest.Condition{Kind: "account_refused", Account: "default"}),
		"all stopped":     condition(rowtest.Condition{Kind: "stop_all"}),
		"not in the file": statements(`update scheme set active = false`, `update scheme set active = true`),
		"observing":       statements(`update scheme set mode = 'dry_run'`, `update scheme set mode = 'send'`),
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
			end := stop(w.rows)
			require.False(t, may())
			require.False(t, w.backlog(), "nothing will send it, so no backfill waits for it")
			require.Zero(t, w.gathered())
			require.Empty(t, w.due("A1"))
			require.Empty(t, w.lease(due))
			require.Zero(t, w.count(`select count(*) from attempt`))
			end()
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
	w.rows.Condition(rowtest.Condition{Kind: "account_refused", Account: "second"})
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
