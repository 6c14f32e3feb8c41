package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A run was killed after it had planned. The next one found another order for the bill whose cancellation was to be
// sent, and the other owner of the former order ended with it: as done, although nobody had asked for its order.
func TestWhoSharesAnOrderDoesNotFollowToAnotherOrder(t *testing.T) {
	w := setupWriter(t)
	both := voidedPage(1, "A1", "WH1")
	second := voidedPage(2, "A2", "WH2")
	second.Cancellations[0].WarehouseCode = both.Cancellations[0].WarehouseCode
	second.Cancellations[0].OrderCode = both.Cancellations[0].OrderCode
	both.Bills = append(both.Bills, second.Bills...)
	both.Cancellations = append(both.Cancellations, second.Cancellations...)
	both.RunCounts.Add(second.RunCounts)
	both.Cursor = 2
	_, err := w.store.FinishRun(t.Context(), w.run(), both, finishAt(rowtest.Now.Add(time.Second)), none)
	require.NoError(t, err)
	const standing = `
select string_agg(concat_ws(' ', bill_no, order_code, state, 'with ' || nullif(same_order_as, 0)), ', '
       order by bill_no)
from cancellation_now`
	require.Equal(t, "A1 A1 open, A2 A1 open with 1", w.text(standing))
	w.rows.Exec(`update unsettled_cancellation set state = 'planned', decide_time = null`)

	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	again := voidedPage(1, "A1", "WH1")
	again.Bills[0].Before = known[1].ReadTime
	again.Cancellations[0].OrderCode = "NEW"
	_, err = w.store.FinishRun(t.Context(), w.run(), again, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, "A1 NEW open, A2 A1 open", w.text(standing))
}

// A run was killed after it had planned an order for two bills. What it planned for the second was left as it was by
// the run that decided that bill anew, maybe under another revision.
func TestWhatSharesAPlannedOrderIsDecidedAnewWithItsBill(t *testing.T) {
	w := setupWriter(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.rows.Exec(`update unsettled_cancellation set state = 'planned', decide_time = null`)
	w.runs(voidedPage(2, "A2"))
	require.Equal(t, "A1 open, A2 withdrawn decided anew", w.text(standing))
	w.rows.Exec(`update unsettled_cancellation set state = 'planned', decide_time = null`)
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	require.Equal(t, "A1 open, A2 open with A1", w.text(standing))
}

// A person asks again for an order that was taken for cancelled: its other owner stayed cancelled.
func TestARetryOpensWhatEndedWithIt(t *testing.T) {
	w := setupWriter(t)
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.runs(voidedPage(1, "A1", "WH1"))
	require.Equal(t, "A1 open with A2, A2 open", w.text(standing))
	leased := w.lease(w.due("A2"))[0]
	w.result(leased, rule.NotFound, rule.Next{State: rule.Done, Outcome: "not_found", Inferred: true})
	require.Equal(t, "A1 done not_found with A2, A2 done not_found", w.text(standing))
	retried, err := w.acts().Operate(t.Context(), ledger.Retry, act(""),
		ledger.CancellationFilter{Scheme: rowtest.SchemeName, IDs: []int64{leased.ID}}, ledger.Bounds{Max: 1})
	require.NoError(t, err)
	require.EqualValues(t, 1, retried.Count)
	require.Equal(t, "A1 open with A2, A2 open", w.text(standing))
	require.Equal(t, []string{"A2"}, w.sent("A1", "A2"))
	require.Equal(t, "A1 done cancelled with A2, A2 done cancelled", w.text(standing))
}

// The dwell of another owner's bill made the one that is sent wait. It looked as if its own bill had been un-audited,
// and a person had released it.
func TestTheDwellOfAnotherOwnerIsNotThatOfTheOneThatIsSent(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")[0]
	require.NoError(t, w.store.StoreVerified(t.Context(), rowtest.SchemeName, 1, []ledger.Verified{{
		ID: due.ID, Outcome: rule.Dwelling, ReadTime: time.Now(), Trigger: rule.TriggerVoided,
		Until: time.Now().Add(time.Minute),
	}}, time.Second, rule.UnreadFor))
	require.Equal(t, 1, w.count(`
select count(*) from unsettled_cancellation where not_before is null and due_time > now() + interval '50 seconds'`))
}

func TestRetiringASchemeCountsWhatSharesAnOrder(t *testing.T) {
	w := setupWriter(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	for _, dryRun := range []bool{true, false} {
		ended, err := w.acts().Retire(t.Context(), act(""), dryRun)
		require.NoError(t, err)
		require.EqualValues(t, 2, ended.Cancellations)
	}
}
