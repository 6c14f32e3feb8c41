package revision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// sent hands the cancellation of a bill over to be sent, after a verification.
func (w followed) sent(bill int64) ledger.Due {
	w.Helper()
	require.NotEmpty(w, w.Verify())
	var id int64
	require.NoError(w, w.Pool.QueryRow(w.Context(), `
select cancellation_id from unsettled_cancellation where bill_id = $1 and state = 'open'`, bill).Scan(&id))
	due, err := w.Store.Load(w.Context(), []int64{id})
	require.NoError(w, err)
	require.Len(w, due, 1)
	due[0].SendBefore = time.Now().Add(time.Minute)
	leased, err := w.Store.Lease(w.Context(), due, time.Minute)
	require.NoError(w, err)
	require.Len(w, leased, 1)
	return leased[0]
}

// answer lets the WMS answer what was sent.
func (w followed) answer(d ledger.Due, disposition rule.Disposition, next rule.Next) {
	w.Helper()
	require.NoError(w, w.Store.StoreResults(w.Context(), []ledger.Result{{
		ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID, BillNo: d.BillNo,
		Answer: rule.Answer{Disposition: disposition}, SameDisposition: disposition, SameCount: 1,
		SameSince: time.Now(), Next: next,
	}}, func(_ ledger.Result, err error) { w.Fatal(err) }))
}

const openItems = `
select coalesce(string_agg(kind || ' ' || detail, ', ' order by work_item_id), '')
from work_item where close_time is null and kind <> 'warehouse_not_mapped'`

var asksAgain = rule.Next{State: rule.Open, Wait: time.Second}

// voided is a scheme with the voided bills A1 in the warehouse CK005 and A2 in CK001.
func voided(t *testing.T) followed {
	w := begin(t)
	w.Books.Fresh(1, "A1", "CK005")
	w.Books.Fresh(2, "A2", "CK001")
	w.Run()
	w.Later(time.Minute)
	w.Books.Void(1)
	w.Books.Void(2)
	w.Run()
	require.Equal(t, "A1 CK005 open , A2 CK001 open ", w.owed())
	return w
}

// Rule 11 (docs/rules.md): the answer of a request was lost, and its warehouse is taken out of the scheme. It was asked
// for again, in a warehouse that is not ours any longer.
func TestWhatMayHaveLandedInAWarehouseThatIsTakenOutIsAPersons(t *testing.T) {
	for name, words := range map[string][]string{
		"taken out": {quality, "# none"}, "put outside": {quality, outside},
	} {
		t.Run(name, func(t *testing.T) {
			w := voided(t)
			w.answer(w.sent(1), rule.Unknown, asksAgain)
			w.Later(time.Minute)
			w.revise(words...)
			require.Equal(t, "A1 CK005 needs_attention , A2 CK001 open ", w.owed())
			require.Equal(t, "not_in_scheme A1 QTRK @ WH-TH01", w.Text(openItems))

			// A person who retries it all the same is asked once more.
			_, err := w.Acts().Operate(t.Context(), ledger.Retry, ledger.Act{Scheme: shipped, Actor: "li", Reason: "?"},
				ledger.CancellationFilter{Scheme: shipped, BillNo: "A1"}, ledger.Bounds{Max: 1})
			require.NoError(t, err)
			require.Empty(t, w.Text(openItems))
			require.Len(t, w.Verify(), 1)
			require.Equal(t, "A1 CK005 needs_attention , A2 CK001 open ", w.owed())
			require.Equal(t, "not_in_scheme A1 QTRK @ WH-TH01", w.Text(openItems))

			w.Later(time.Minute)
			w.revise()
			require.Equal(t, "A1 CK005 open , A2 CK001 open ", w.owed(), "it is back")
			require.Empty(t, w.Text(openItems))
			require.Len(t, w.Verify(), 2)
		})
	}
}

// The request was on its way when its warehouse was taken out. Whatever it came to, no other followed it.
func TestARequestThatWasOnItsWayWhenItsWarehouseWasTakenOutIsNotAskedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		came        rule.Disposition
		next        rule.Next
		owed, items string
	}{
		"it was not sent": {rule.NotSent, asksAgain, "A1 CK005 withdrawn ", ""},
		"its answer is lost": {
			rule.Unknown, asksAgain, "A1 CK005 needs_attention ", "not_in_scheme A1 QTRK @ WH-TH01",
		},
		"it cancelled the order": {
			rule.Cancelled, rule.Next{State: rule.Done, Outcome: "cancelled"}, "A1 CK005 done ", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := voided(t)
			flying := w.sent(1)
			w.Later(time.Minute)
			w.revise(quality, "# none")
			require.Equal(t, "A1 CK005 open , A2 CK001 open ", w.owed(), "its answer is waited for")
			w.answer(flying, c.came, c.next)
			require.Len(t, w.Verify(), 1, "the other's")
			require.Equal(t, c.owed+", A2 CK001 open ", w.owed())
			require.Equal(t, c.items, w.Text(openItems))
		})
	}
}

// Two of Kingdee's warehouses are one in the WMS, and one of them is taken out: the order is still owed for the other,
// which learns what came of it.
func TestAnOrderOfAWarehouseThatIsTakenOutGoesOnForWhoSharesIt(t *testing.T) {
	w := begin(t)
	w.revise(quality, "# none")
	w.revise(quality, "CK005: {account: default, code: WH-HZ01}")
	w.Books.Fresh(1, "A1", "CK005")
	w.Books.Fresh(2, "A1", "CK001")
	w.Run()
	w.Later(time.Minute)
	w.Books.Void(1)
	w.Books.Void(2)
	w.Run()
	w.answer(w.sent(1), rule.Unknown, asksAgain)
	w.Later(time.Minute)
	w.revise(quality, "# none")
	w.Run()
	require.Equal(t, "A1 CK005 withdrawn , A1 CK001 open ", w.owed())
	require.Empty(t, w.Text(openItems))
	require.Equal(t, "2 true", w.Text(`
select bill_id || ' ' || maybe_landed from unsettled_cancellation`))
	require.Len(t, w.Verify(), 1)
}
