package rooms_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// held is a cancellation of a bill that waits for this.
func (o *operator) held(bill int64, why string) int64 {
	o.Helper()
	return o.rows.Cancellation(rowtest.Cancellation{
		BillID: bill, BillNo: fmt.Sprintf("A%d", bill), State: "held", HoldReason: why,
	})
}

// A cancellation that waits for a person because of its whole reconcile run, or its whole bill, has a work item that
// names no cancellation. It was left open when the cancellation was released.
func TestWhatIsHeldTogetherIsSettledTogether(t *testing.T) {
	waysOut := map[string]func(*operator, ...int64){
		"release": func(o *operator, ids ...int64) {
			_, err := o.acts().Release(o.Context(), act(""), ids)
			require.NoError(o, err)
		},
		"release some": func(o *operator, ids ...int64) { o.do(ledger.ReleaseHeld, these(ids...)) },
		"outside":      func(o *operator, ids ...int64) { o.do(ledger.Ignore, these(ids...)) },
		"mark done":    func(o *operator, ids ...int64) { o.do(ledger.MarkDone, these(ids...)) },
	}
	for name, out := range waysOut {
		t.Run(name, func(t *testing.T) {
			o := setupOperator(t)
			first, second := o.held(1, "many_deleted"), o.held(2, "many_deleted")
			o.rows.Work(rowtest.Work{Kind: "many_deleted", Detail: "6 bills"})
			out(o, first)
			require.Equal(t, []string{"many_deleted"}, openWorkKinds(t, o.pool), "another one still waits")
			out(o, second)
			require.Empty(t, openWorkKinds(t, o.pool))
		})
		t.Run(name+" of bills without a date", func(t *testing.T) {
			o := setupOperator(t)
			first, second := o.held(1, "no_event_time"), o.held(2, "no_event_time")
			o.rows.Work(rowtest.Work{Kind: "no_event_time", BillID: 1, BillNo: "A1"})
			o.rows.Work(rowtest.Work{Kind: "no_event_time", BillID: 2, BillNo: "A2"})
			planned := o.rows.Cancellation(rowtest.Cancellation{BillID: 3, BillNo: "A3", State: "planned"})
			o.rows.Work(rowtest.Work{Kind: "no_event_time", BillID: 3, BillNo: "A3"})
			out(o, first)
			require.Equal(t, "2 3", o.text(`select string_agg(bill_id::text, ' ' order by bill_id) from work_item `+
				`where close_time is null`))
			out(o, second)
			require.Equal(t, "3", o.text(`select bill_id::text from work_item where close_time is null`),
				"a run is about to hold cancellation %d", planned)
		})
	}
}

func TestASchemeThatIsSetToSendAsksNothingAboutWhatItDecided(t *testing.T) {
	o := setupOperator(t)
	o.rows.Exec(`update scheme set mode = 'dry_run', send_since = null`)
	o.held(1, "no_event_time")
	o.held(2, "many_deleted")
	o.rows.Work(rowtest.Work{Kind: "no_event_time", BillID: 1, BillNo: "A1"})
	o.rows.Work(rowtest.Work{Kind: "many_deleted"})
	_, err := o.acts().SetMode(t.Context(), act(""), true)
	require.NoError(t, err)
	require.Empty(t, openWorkKinds(t, o.pool))
}

// Closing them by hand would leave the cancellations held and tell nobody.
func TestTheWorkOfWhatIsHeldTogetherIsNotClosedByHand(t *testing.T) {
	o := setupOperator(t)
	ids := []int64{
		o.rows.Work(rowtest.Work{Kind: "many_deleted"}),
		o.rows.Work(rowtest.Work{Kind: "no_event_time", BillID: 1, BillNo: "A1"}),
	}
	effect, err := o.acts().CloseWorkItems(t.Context(), act(""), ids, false)
	require.NoError(t, err)
	require.EqualValues(t, 2, effect.RefusedCount)
	require.Len(t, openWorkKinds(t, o.pool), 2)
}
