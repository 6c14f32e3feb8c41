package remap_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// neverLive makes a bill that is voided before any run sees it, and of which nothing shows that it was ever audited.
func (b *bench) neverLive(id int64, no string) {
	b.Books.Fresh(id, no, "CK001")
	bill := b.Books.Bills[id]
	bill.DocumentStatus, bill.ApproveTime = kingdeev1.DocumentStatus_DOCUMENT_STATUS_IN_APPROVAL, nil
	b.Books.Void(id)
}

// do does an act of a person to the cancellations of a bill.
func (b *bench) do(verb ledger.Verb, bill int64) {
	b.Helper()
	var id int64
	require.NoError(b, b.Pool.QueryRow(b.Context(),
		`select cancellation_id from cancellation where bill_id = $1`, bill).Scan(&id))
	effect, err := b.Acts().Operate(b.Context(), verb, ledger.Act{Actor: "wang", Reason: "as I say"},
		ledger.CancellationFilter{Scheme: name, IDs: []int64{id}}, ledger.Bounds{Max: 10})
	require.NoError(b, err)
	require.Empty(b, effect.Refused)
}

var (
	endsAsNoOrder = rule.Next{State: rule.Closed, Outcome: "no_order"}
	asksAPerson   = rule.Next{State: rule.NeedsAttention, Work: rule.WorkOrderNotFound}
)

// Rule 17 (docs/rules.md): the WMS did not have the orders, because the code of their warehouse was wrong. Once it is
// corrected a person has them asked again. That asked under the wrong code once more.
func TestARetryAsksForTheOrderByItsCorrectedName(t *testing.T) {
	b := setup(t)
	b.Run()
	b.Later(time.Minute)
	for id, no := range []string{"A1", "A2", "A3", "A4"} {
		b.neverLive(int64(id+1), no)
	}
	b.Run()
	b.answer(1, rule.NotFound, endsAsNoOrder)
	b.answer(2, rule.Unknown, asksAgain)
	b.answer(3, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	b.do(ledger.MarkDone, 2)
	b.do(ledger.Ignore, 3)
	sent := b.lease(4)
	require.Equal(t, "A1 WH-HZ01/A1 closed weak, A2 WH-HZ01/A2 done weak, A3 WH-HZ01/A3 closed weak, "+
		"A4 WH-HZ01/A4 open weak", b.owed())

	b.apply(ledger.OrdersCorrected, "code: WH-HZ01", "code: WH-HZ99")
	b.Run()
	b.store(sent, rule.NotFound, asksAPerson)
	require.Equal(t, "A1 WH-HZ01/A1 closed weak, A2 WH-HZ01/A2 done weak, A3 WH-HZ01/A3 closed weak, "+
		"A4 WH-HZ01/A4 needs_attention weak", b.owed(), "its request was on its way when the code was corrected")
	for bill := range int64(4) {
		b.do(ledger.Retry, bill+1)
	}
	require.Equal(t, "A1 WH-HZ99/A1 open weak, A2 WH-HZ01/A2 open weak, A3 WH-HZ99/A3 open weak, "+
		"A4 WH-HZ99/A4 open weak", b.owed(), "what may have landed goes on under the name that it had")
	require.Equal(t, "1 1, 2 1, 3 1, 4 1", b.Text(`
select string_agg(bill_id || ' ' || attempt, ', ' order by bill_id) from unsettled_cancellation`),
		"attempts are numbered on")
	require.Equal(t, "WH-HZ99/A1", b.Text(`
select o.warehouse_code || '/' || o.order_code from unsettled_cancellation u join warehouse_order o using (order_id)
where u.bill_id = 1`), "it is what is sent")

	// Ended and retried once more: it has its name by now.
	b.answer(1, rule.NotFound, endsAsNoOrder)
	b.do(ledger.Retry, 1)
	require.Contains(t, b.owed(), "A1 WH-HZ99/A1 open weak")
}

// What ended with the one that was sent is its order's, also by the corrected name.
func TestARetryNamesWhatEndedWithItToo(t *testing.T) {
	b := setup(t)
	byNote := []string{"order_code: bill.number", `order_code: 'bill.note == "" ? bill.number : bill.note'`}
	b.apply(ledger.OrdersCorrected, byNote...)
	b.Run()
	b.Later(time.Minute)
	b.neverLive(1, "A1")
	b.neverLive(2, "A2")
	b.Books.Bills[1].Note, b.Books.Bills[2].Note = "PO-7", "PO-7"
	b.Run()
	b.answer(1, rule.NotFound, endsAsNoOrder)
	require.Equal(t, "A1 WH-HZ01/PO-7 closed weak, A2 WH-HZ01/PO-7 closed weak", b.owed())
	b.apply(ledger.OrdersCorrected, append(byNote, "code: WH-HZ01", "code: WH-HZ99")...)
	b.do(ledger.Retry, 1)
	require.Equal(t, "A1 WH-HZ99/PO-7 open weak, A2 WH-HZ99/PO-7 open weak", b.owed())
	require.Equal(t, "A2 with A1", b.Text(`
select c.bill_no || ' with ' || s.bill_no
from shared_cancellation h join cancellation c using (cancellation_id)
join cancellation s on s.cancellation_id = h.same_order_as`))
	b.answer(1, rule.NotFound, endsAsNoOrder)

	b.apply(ledger.OrdersCorrected)
	b.do(ledger.Retry, 1)
	require.Equal(t, "A1 WH-HZ01/A1 open weak, A2 WH-HZ01/A2 open weak", b.owed(), "each has an order of its own")
}

// Rule 17 (docs/rules.md): the ledger has no snapshot of a bill that was never seen live, and no run may decide it anew
// where a backfill found it below the cutover, or it is gone.
func TestACorrectionNamesWhatWasNeverSeenLiveWithoutReadingIt(t *testing.T) {
	b := setup(t)
	b.neverLive(1, "OLD")
	b.Run()
	b.Later(time.Minute)
	b.neverLive(2, "GONE")
	b.Run()
	id, err := b.Acts().StartBackfill(t.Context(), ledger.Act{Scheme: name, Actor: "li", Reason: "all of it"},
		ledger.BackfillOrder{Numbers: []string{"OLD"}, BeforeCutover: true})
	require.NoError(t, err)
	filler := &backfill.Backfiller{
		Store: b.Store, Kingdee: b.Job.Kingdee, Registry: b.Job.Registry, Insert: runtest.NoJobs{},
		Logger: b.Job.Logger, Now: b.Job.Now,
	}
	require.NoError(t, filler.Run(t.Context(), queue.BackfillArgs{ID: id}))
	_, err = b.Pool.Exec(t.Context(), `update bill set gone_time = now() where bill_no = 'GONE'`)
	require.NoError(t, err)
	require.Equal(t, "OLD WH-HZ01/OLD open weak, GONE WH-HZ01/GONE open weak", b.owed())

	delete(b.Books.Bills, 2)
	b.apply(ledger.OrdersCorrected, "code: WH-HZ01", "code: WH-HZ99")
	b.Run()
	require.Equal(t, "OLD WH-HZ99/OLD open weak, GONE WH-HZ99/GONE open weak", b.owed())
}
