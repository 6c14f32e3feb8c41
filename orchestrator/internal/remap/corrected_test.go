package remap_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// answer sends the cancellation of a bill, and lets the WMS answer.
func (b *bench) answer(bill int64, disposition rule.Disposition, next rule.Next) {
	b.Helper()
	b.store(b.lease(bill), disposition, next)
}

// lease hands the cancellation of a bill over to be sent.
func (b *bench) lease(bill int64) ledger.Due {
	b.Helper()
	b.Verify()
	var id int64
	require.NoError(b, b.Pool.QueryRow(b.Context(),
		`select cancellation_id from unsettled_cancellation where bill_id = $1`, bill).Scan(&id))
	due, err := b.Store.Load(b.Context(), []int64{id})
	require.NoError(b, err)
	for i := range due {
		due[i].SendBefore = time.Now().Add(time.Minute)
	}
	leased, err := b.Store.Lease(b.Context(), due, time.Minute)
	require.NoError(b, err)
	require.Len(b, leased, 1)
	return leased[0]
}

// store lets the WMS answer what was sent.
func (b *bench) store(d ledger.Due, disposition rule.Disposition, next rule.Next) {
	b.Helper()
	require.NoError(b, b.Store.StoreResults(b.Context(), []ledger.Result{{
		ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID, BillNo: d.BillNo,
		Answer: rule.Answer{Disposition: disposition}, SameDisposition: disposition, SameCount: 1,
		SameSince: time.Now(), Next: next,
	}}, func(_ ledger.Result, err error) { b.Fatal(err) }))
}

// toUnAudits lets the shipped scheme act on un-audited bills, which a person releases.
var toUnAudits = []string{"triggers: [voided]", "triggers: [voided, un_audited]\n    un_audited: {dwell: 120s}"}

var asksAgain = rule.Next{State: rule.Open, Wait: time.Second}

// Rule 17 (docs/rules.md): the code of a warehouse was wrong, and what was owed meanwhile was asked for under it. The
// correction left that as it was, so that it ended as no_order, in silence.
func TestCorrectedOrdersHoldForOpenCancellations(t *testing.T) {
	b := setup(t)
	b.apply("", toUnAudits...)
	b.Run()
	for id, no := range []string{"A1", "A2", "A3", "A4", "A5"} {
		b.Books.Fresh(int64(id+1), no, "CK001")
	}
	b.Books.Fresh(6, "A6", "CK002")
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(7, "A7", "CK001")
	for _, id := range []int64{1, 2, 3, 4, 6, 7} {
		b.Books.Void(id)
	}
	b.Books.UnAudit(5)
	b.Run()
	b.answer(2, rule.NotFound, asksAgain)
	b.answer(3, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	b.answer(4, rule.Unknown, asksAgain)
	require.Equal(t, "A1 WH-HZ01/A1 open snapshot, A2 WH-HZ01/A2 open snapshot, "+
		"A3 WH-HZ01/A3 needs_attention snapshot, A4 WH-HZ01/A4 open snapshot, A5 WH-HZ01/A5 held snapshot, "+
		"A6 WH-YW01/A6 open snapshot, A7 WH-HZ01/A7 open approved", b.owed())
	const sent = `select string_agg(bill_id || ' ' || attempt, ', ' order by bill_id) from unsettled_cancellation`
	require.Equal(t, "1 0, 2 1, 3 1, 4 1, 5 0, 6 0, 7 0", b.Text(sent))

	b.apply(ledger.OrdersCorrected, append(toUnAudits, "code: WH-HZ01", "code: WH-HZ99")...)
	b.Run()
	require.Equal(t, "A1 WH-HZ99/A1 open snapshot, A2 WH-HZ99/A2 open snapshot, "+
		"A3 WH-HZ99/A3 open snapshot, A4 WH-HZ01/A4 open snapshot, A5 WH-HZ99/A5 held snapshot, "+
		"A6 WH-YW01/A6 open snapshot, A7 WH-HZ99/A7 open approved", b.owed(),
		"what may have landed goes on under the name that it had")
	require.Equal(t, "1 0, 2 1, 3 1, 4 1, 5 0, 6 0, 7 0", b.Text(sent), "attempts are numbered on")
	require.Equal(t, "number_reuse_unsaid 5", b.Text(`
select string_agg(kind || ' ' || bill_id, ', ') from work_item where close_time is null and cancellation_id <> 0`),
		"nobody is asked about the old name")
	require.Equal(t, "1 2 3 5 7", b.Text(`
select string_agg(c.bill_id::text, ' ' order by c.bill_id)
from outcome e join cancellation c using (cancellation_id) where e.outcome = 'corrected'`))
}

// Two bills made one order as a scheme named them, and each its own as it is corrected.
func TestACorrectionNamesWhatSharesAnOrderToo(t *testing.T) {
	b := setup(t)
	b.Run()
	b.apply(ledger.OrdersCorrected,
		"order_code: bill.number", `order_code: 'bill.note == "" ? bill.number : bill.note'`)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "A2", "CK001")
	b.Books.Bills[1].Note, b.Books.Bills[2].Note = "PO-7", "PO-7"
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	const standing = `select string_agg(c.bill_no || ' ' || c.order_code || ' ' || c.state ||
       coalesce(' with ' || s.bill_no, ''), ', ' order by c.bill_id)
from cancellation_now c left join cancellation s on s.cancellation_id = c.same_order_as`
	require.Equal(t, "A1 PO-7 open, A2 PO-7 open with A1", b.Text(standing))
	b.apply(ledger.OrdersCorrected)
	b.Run()
	require.Equal(t, "A1 A1 open, A2 A2 open", b.Text(standing))
}
