package rooms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestWhatRestsTwoHoursInAllIsOneItemAnAccountByWarehouse(t *testing.T) {
	w := setupWriter(t)
	for i := range 12 {
		w.owe(int64(i+1), fmt.Sprintf("A%02d", i), "WH1")
	}
	w.owe(20, "B1", "WH2")
	w.owe(21, "B2", "WH2")
	w.rows.Exec(`update unsettled_cancellation set decide_time = now() - interval '5 hours'`)
	// B2 has had an answer of its own: it does not rest.
	w.rows.Exec(`update unsettled_cancellation set disposition = 'not_found' where bill_id = 21`)
	lasted := func(kind, account, from, to string) {
		id := w.rows.Condition(rowtest.Condition{Kind: kind, Account: account})
		w.rows.Exec(`update condition set since = now() - $2::interval, end_time = now() - $3::interval
where condition_id = $1`, id, from, to)
	}
	const open = `select count(*) from work_item where close_time is null and kind = 'resting_orders'`
	tell := func() int {
		require.NoError(t, w.store.TellResting(t.Context()))
		return w.count(open)
	}
	lasted("wms_away", "default", "4 hours", "3 hours")
	lasted("throttled", "default", "3 hours 30 minutes", "3 hours")
	lasted("wms_away", "second", "4 hours", "1 hour")
	require.Zero(t, tell(), "an hour: what two conditions lasted at once counts once, and another account not at all")

	id := w.rows.Condition(rowtest.Condition{Kind: "wms_away", Account: "default"})
	w.rows.Exec(`update condition set since = now() - interval '65 minutes' where condition_id = $1`, id)
	require.Equal(t, 1, tell())
	detail := w.text(`select detail from work_item where close_time is null`)
	require.Equal(t, "WH1 (12): A00, A01, A02, A03, A04, A05, A06, A07, A08, A09, …; WH2 (1): B1", detail)
	require.Equal(t, "default", w.text(`select subject from work_item where close_time is null`))
	w.rows.Exec(`update unsettled_cancellation set decide_time = now() where bill_id < 20`)
	require.Equal(t, 1, tell())
	require.Equal(t, "WH2 (1): B1", w.text(`select detail from work_item where close_time is null`),
		"what became owed later has not rested so long")

	w.rows.EndCondition(id)
	w.rows.Exec(`update unsettled_cancellation set disposition = 'in_progress' where bill_id = 20`)
	require.Zero(t, tell(), "the item closes by itself")
	require.False(t, strings.Contains(w.text(`select close_reason from work_item`), "operator"))
}

// The failure: schemes that share an account had a list each, and what waited for Kingdee or for a person was in none.
func TestAnAccountThatTwoSchemesShareHasOneListToPhoneThrough(t *testing.T) {
	w := setupWriter(t)
	w.rows.Scheme(rowtest.Scheme{Scheme: "another"})
	w.owe(1, "A1", "WH1")
	w.owe(2, "A2", "WH2")
	w.owe(3, "A3", "WH1")
	w.rows.Exec(`update cancellation set scheme = 'another' where bill_id > 1`)
	w.rows.Exec(`update unsettled_cancellation set scheme = 'another' where bill_id > 1`)
	w.rows.Exec(`update unsettled_cancellation set decide_time = now() - interval '5 hours'`)
	list := func() string {
		require.NoError(t, w.store.TellResting(t.Context()))
		return w.text(`select coalesce(string_agg(subject || ' ' || detail, '|'), '') from work_item
where close_time is null and kind = 'resting_orders'`)
	}
	for _, c := range []struct {
		rowtest.Condition
		list string
	}{
		{rowtest.Condition{Kind: "wms_away", Account: "default"}, "default WH1 (2): A1, A3; WH2 (1): A2"},
		{rowtest.Condition{Kind: "kingdee_away", DataCenterID: "dc-1"}, "default WH1 (2): A1, A3; WH2 (1): A2"},
		{rowtest.Condition{Kind: "paused", Scheme: "another"}, "default WH1 (1): A3; WH2 (1): A2"},
		{rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "voided"},
			"default WH1 (2): A1, A3; WH2 (1): A2"},
		{rowtest.Condition{Kind: "kingdee_slow", DataCenterID: "dc-1", Trigger: "un_audited"}, ""},
		{rowtest.Condition{Kind: "clock_ahead", DataCenterID: "dc-1"}, ""},
	} {
		id := w.rows.Condition(c.Condition)
		w.rows.Exec(`update condition set since = now() - interval '121 minutes' where condition_id = $1`, id)
		require.Equal(t, c.list, list(), c.Kind)
		w.rows.Exec(`delete from condition`)
		require.Empty(t, list(), c.Kind)
	}
}

// The failure: a WMS that was away for half an hour used up the time in which an order may still arrive there.
func TestTheNotFoundGraceRestsWhileAConditionBlocks(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	w.rows.Exec(`update unsettled_cancellation
set disposition = 'not_found', same_disposition = 'not_found', same_count = 3,
    same_since = now() - interval '25 hours'`)
	rested := func() time.Duration { return w.due("A1")[0].Rested }
	lasted := func(c rowtest.Condition, from, to string) {
		id := w.rows.Condition(c)
		w.rows.Exec(`update condition set since = now() - $2::interval, end_time = now() - $3::interval
where condition_id = $1`, id, from, to)
	}
	require.Zero(t, rested())
	lasted(rowtest.Condition{Kind: "wms_away", Account: "second"}, "24 hours", "20 hours")
	lasted(rowtest.Condition{Kind: "clock_ahead", DataCenterID: "dc-1"}, "24 hours", "20 hours")
	lasted(rowtest.Condition{Kind: "adapter_away", Host: "wms-01:7403", Reason: "wms"}, "24 hours", "20 hours")
	require.Zero(t, rested(), "what is about others")
	lasted(rowtest.Condition{Kind: "wms_away", Account: "default"}, "26 hours", "20 hours")
	lasted(rowtest.Condition{Kind: "paused", Scheme: rowtest.SchemeName}, "22 hours", "19 hours")
	lasted(rowtest.Condition{Kind: "kingdee_away", DataCenterID: "dc-1"}, "2 hours", "1 hour")
	require.InDelta(t, 7*time.Hour, rested(), float64(time.Minute), "what two lasted at once counts once")

	now := time.Now()
	history := rule.History{Evidence: rule.EvidenceSnapshot, FirstSame: now.Add(-25 * time.Hour)}
	after := func() rule.CancellationState {
		return rule.DefaultTiming().After(rule.Answer{Disposition: rule.NotFound}, history, now).State
	}
	require.Equal(t, rule.NeedsAttention, after())
	history.Rested = rested()
	require.Equal(t, rule.Open, after(), "18 of its 24 hours are over")
	history = rule.History{Evidence: rule.EvidenceWeak, FirstSame: now.Add(-time.Hour)}
	require.Equal(t, rule.Closed, after())
	history.Rested = 45 * time.Minute
	require.Equal(t, rule.Open, after(), "15 of its 30 minutes are over")
}

func TestTheAgeOfTheOldestCancellationIsSinceItAroseHoweverOftenItWaited(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1")
	w.owe(2, "A2", "WH1")
	w.rows.Exec(`update unsettled_cancellation
set decide_time = now() - interval '3 hours', due_time = now() + interval '10 minutes' where bill_id = 1`)
	age := func() float64 {
		figures, err := w.store.Figures(t.Context())
		require.NoError(t, err)
		return figures[0].OldestOpen.Seconds()
	}
	require.InDelta(t, 3*3600, age(), 60)
	w.rows.Exec(`
update unsettled_cancellation set state = 'held', hold_reason = 'number_reuse_unsaid' where bill_id = 1`)
	require.InDelta(t, 0, age(), 60, "what is held waits for a person and is a work item")
}
