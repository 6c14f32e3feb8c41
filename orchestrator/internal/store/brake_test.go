package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// owed ends a pass under these brakes that found one voided bill with an order in each of these warehouses.
func (w *writer) owed(brakes rule.Brakes, id int64, no string, warehouses ...string) {
	w.Helper()
	finish := finishAt(rowtest.Now.Add(time.Minute))
	finish.Brakes = brakes
	_, err := w.store.FinishPass(w.Context(), w.pass(), voidedPage(id, no, warehouses...), finish, none)
	require.NoError(w, err)
}

func TestReleasingOneRowDoesNotForgetTheBrakesCount(t *testing.T) {
	w := setupWriter(t)
	brakes := rule.Brakes{PerHour: 3, PerDay: 10}
	w.owed(brakes, 1, "A1", "WH1", "WH2", "WH3")
	held := w.rows.Cancellation(rowtest.Cancellation{BillID: 9, BillNo: "A9", State: "held", HoldReason: "number_taken"})
	_, err := w.store.Release(t.Context(), act(""), []int64{held})
	require.NoError(t, err)
	w.owed(brakes, 2, "A2", "WH1", "WH2", "WH3")
	require.Equal(t, 3, w.count(`select count(*) from cancellation where state = 'held' and bill_id = 2`))

	_, err = w.store.Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	w.owed(brakes, 3, "A3", "WH1", "WH2", "WH3")
	require.Zero(t, w.count(`select count(*) from cancellation where state = 'held'`), "everything was released: the count begins anew")
}
