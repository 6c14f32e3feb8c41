package rooms_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
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

// tableRow is a row of the table of conditions in docs/rules.md.
var tableRow = regexp.MustCompile(
	"(?m)^\\| (`[a-z_]+`.*?) \\| ([^|]+) \\| ([^|]+) \\| (by itself|by an act|with a changed)")

// Each row of the table of conditions in docs/rules.md, as the ledger obeys it: what about its subject is read or sent
// while it lasts, and that all else goes on.
func TestEachConditionBlocksWhatTheTableOfTheRulesSays(t *testing.T) {
	page, err := os.ReadFile("../../../docs/rules.md")
	require.NoError(t, err)
	names := regexp.MustCompile("`([a-z_]+)`")
	_, table, _ := strings.Cut(string(page), "\n## Conditions\n")
	table, _, _ = strings.Cut(table, "\n## ")
	table, remark, _ := strings.Cut(table, "\n> Not met yet: ")
	ours := map[rule.ConditionKind]rule.ConditionRow{}
	for _, row := range rule.ConditionRows() {
		if _, told := ours[row.Kind]; !told {
			ours[row.Kind] = row
		}
	}
	var missing []string
	listed := 0
	for _, row := range tableRow.FindAllStringSubmatch(table, -1) {
		kinds, _, _ := strings.Cut(row[1], ":")
		for _, name := range names.FindAllStringSubmatch(kinds, -1) {
			kind := rule.ConditionKind(name[1])
			listed++
			if _, there := ours[kind]; !there {
				missing = append(missing, name[1])
				continue
			}
			t.Run(name[1], func(t *testing.T) {
				require.Equal(t, row[4] == "by an act", ours[kind].ByPerson)
				require.Equal(t, row[3], blocked(t, ours[kind]))
			})
		}
	}
	require.Len(t, ours, listed-len(missing)+1, "all but scheme_stopped, which stands below the table")
	for _, name := range missing {
		require.Contains(t, remark, "`"+name+"`")
	}
}

// blocked says in the words of the table what a condition of this kind keeps from going on.
func blocked(t *testing.T, row rule.ConditionRow) string {
	t.Helper()
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	c := ledger.Condition{Kind: row.Kind, Reason: row.Reason}
	switch row.Subject {
	case rule.SubjectDataCenter:
		c.DataCenterID = "dc-1"
	case rule.SubjectDataCenterTrigger:
		c.DataCenterID, c.Trigger = "dc-1", "voided"
	case rule.SubjectScheme:
		c.Scheme = rowtest.SchemeName
	case rule.SubjectAccount:
		c.Account = "default"
	case rule.SubjectAccountHost:
		c.Account, c.Host = "default", "wms-01"
	case rule.SubjectHost:
		c.Host = "wms-01"
	}
	if row.Kind == rule.ConditionAdapterAway || row.Kind == rule.ConditionAdapterRefused {
		c.Reason = host.WMS
	}
	_, err := w.store.OpenCondition(t.Context(), c)
	require.NoError(t, err)
	standing, err := w.store.Scheme(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	may, err := w.store.MaySend(t.Context(), rowtest.SchemeName, "default")
	require.NoError(t, err)
	hostMay, err := w.store.HostMaySend(t.Context(), "wms-01", "default")
	require.NoError(t, err)
	otherMay, err := w.store.HostMaySend(t.Context(), "wms-02", "default")
	require.NoError(t, err)
	require.True(t, otherMay, "another host goes on")
	reading := standing.Rests || standing.Stopped || standing.ClockAhead
	all := w.text(`select (blocks_reading and blocks_sending)::text from condition`) == "true"
	switch {
	case c.Host != "" && all:
		return "everything"
	case c.Host != "" && !hostMay && c.Account == "":
		return "what needs that adapter"
	case c.Host != "" && !hostMay:
		return "sending from that host"
	case reading && !may:
		return "reading and sending"
	case reading:
		return "reading"
	case !may:
		return "sending"
	case row.Kind == rule.ConditionSafetyLimit:
		return "sending of what that limit holds" // held, see TestReleasingWhatALimitHeldReleasesOnlyThat
	case w.gathered() == 0:
		return "sending of what needs that verification"
	case row.Kind == rule.ConditionReadingBehind:
		return "nothing; rules 2 and 18 ask for it"
	}
	return "nothing"
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
