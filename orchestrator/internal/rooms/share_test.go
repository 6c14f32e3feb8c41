package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
