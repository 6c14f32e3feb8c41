package rooms_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
	w.rows.Exec(`update unsettled_cancellation set state = 'held', hold_reason = 'number_taken' where bill_id = 1`)
	require.InDelta(t, 0, age(), 60, "what is held waits for a person and is a work item")
}
