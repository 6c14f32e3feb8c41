package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// standing are the cancellations, each with its bill, how it stands, and whose cancellation is, or was, sent for it.
const standing = `
select string_agg(concat_ws(' ', c.bill_no, c.state, nullif(c.outcome, ''), 'with ' || s.bill_no), ', '
       order by c.bill_no)
from cancellation_now c left join cancellation s on s.cancellation_id = c.same_order_as`

// shares lets a page's bill be about the order that bill A1 has in WH1.
func shares(page ledger.Page) ledger.Page {
	page.Cancellations[0].WarehouseCode, page.Cancellations[0].OrderCode = "WH1", "A1"
	return page
}

// runs ends a run that found this.
func (w *writer) runs(page ledger.Page) {
	w.Helper()
	known, err := w.store.Known(w.Context(), rowtest.SchemeName, []int64{page.Cursor})
	require.NoError(w, err)
	if k := known[page.Cursor]; k != nil {
		page.Bills[0].Before = k.ReadTime
	}
	standing, err := w.store.Scheme(w.Context(), rowtest.SchemeName)
	require.NoError(w, err)
	_, err = w.store.FinishRun(w.Context(), w.run(), page,
		finishAt(standing.Watermark.Time.Add(time.Second)), none)
	require.NoError(w, err)
}

// leaveInFlight withdraws a cancellation while its request is on its way, and opens the one that takes its order over.
func (w *writer) leaveInFlight(leased ledger.Due) {
	w.Helper()
	require.NoError(w, pgx.BeginFunc(w.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := ledger.WithdrawBills(w.Context(), tx, rowtest.SchemeName, []int64{leased.BillID})
		return err
	}))
	w.runs(voidedPage(9, "A9", "WH9"))
}

// setupHeir is a bench on which A1 was withdrawn while its request was on its way, and A2, which shares its order, has
// taken it over.
func setupHeir(t *testing.T) (w *writer, inFlight ledger.Due) {
	w = setupWriter(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	inFlight = w.lease(w.due("A1"))[0]
	w.leaveInFlight(inFlight)
	require.Equal(t, "A1 withdrawn no_trigger, A2 open, A9 open", w.text(standing))
	return w, inFlight
}

// The order is cancelled, whoever asked: the other owner sent a second request, whose answer a scheme may not take.
func TestALateCancelledEndsWhoTookTheOrderOver(t *testing.T) {
	w, inFlight := setupHeir(t)
	w.runs(shares(voidedPage(3, "A3", "WH3")))
	require.Empty(t, w.lease(w.due("A2")), "two requests for an order on their way")
	w.result(inFlight, rule.Cancelled, done)
	require.Equal(t, "A1 done cancelled, A2 done cancelled with A1, A3 done cancelled with A2, A9 open",
		w.text(standing))
	require.Equal(t, 3, w.count(`
select count(*) from event_inbox where kind = 'cancellation_settled' and state = 'done'`))
	require.Zero(t, w.count(openWorkItems))
}

// What became owed after the request had been withdrawn is no part of it: its order may have been made since.
func TestALateCancelledEndsNothingThatWasOwedLater(t *testing.T) {
	w := setupWriter(t)
	inFlight := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.leaveInFlight(inFlight)
	w.runs(shares(voidedPage(2, "A2", "WH2")))
	w.result(inFlight, rule.Cancelled, done)
	require.Equal(t, "A1 done cancelled, A2 open, A9 open", w.text(standing))
}

// A later generation of the bill that was withdrawn has an order of its own.
func TestALateCancelledOfAnEarlierLifeDoesNotEndTheLaterOne(t *testing.T) {
	w := setupWriter(t)
	inFlight := w.lease(w.owe(1, "A1", "WH1"))[0]
	later := voidedPage(1, "A1", "WH1")
	later.Cancellations[0].Generation, later.Bills[0].After.Generation = 2, 2
	w.runs(later)
	w.result(inFlight, rule.Cancelled, done)
	require.Equal(t, "done open", w.text(`
select string_agg(state, ' ' order by generation) from cancellation_now where bill_no = 'A1'`))
}

// The answer was lost: that the WMS does not have the order any more is no wonder to the other owner either, and no
// sign that it never had it.
func TestALostAnswerIsThatOfWhoTookTheOrderOver(t *testing.T) {
	lost := func(w *writer, inFlight ledger.Due) {
		result := w.resultOf(inFlight, rule.Unknown, rule.Next{State: rule.Open})
		result.Answer.Lost = true
		require.NoError(w, w.store.StoreResults(w.Context(), []ledger.Result{result},
			func(_ ledger.Result, err error) { w.Fatal(err) }))
	}
	expect := func(w *writer) {
		w.Helper()
		due := w.due("A2")
		require.Len(w, due, 1)
		require.True(w, due[0].MaybeLanded && due[0].AnswerLost, "%+v", due[0])
		require.Len(w, w.lease(due), 1, "the earlier request has its answer")
	}
	t.Run("before it was withdrawn", func(t *testing.T) {
		w := setupWriter(t)
		w.runs(voidedPage(1, "A1", "WH1"))
		w.runs(shares(voidedPage(2, "A2", "WH2")))
		leased := w.lease(w.due("A1"))[0]
		lost(w, leased)
		w.leaveInFlight(leased)
		expect(w)
	})
	t.Run("after it was withdrawn", func(t *testing.T) {
		w, inFlight := setupHeir(t)
		lost(w, inFlight)
		expect(w)
	})
	t.Run("while it shares the order again", func(t *testing.T) {
		w, inFlight := setupHeir(t)
		w.runs(voidedPage(1, "A1", "WH1"))
		require.Equal(t, "A1 open with A2, A2 open, A9 open", w.text(standing))
		require.Empty(t, w.lease(w.due("A2")), "two requests for an order on their way")
		lost(w, inFlight)
		expect(w)
	})
	t.Run("while the one that took it over is withdrawn, too", func(t *testing.T) {
		w, inFlight := setupHeir(t)
		w.leaveInFlight(w.due("A2")[0])
		lost(w, inFlight)
		w.runs(shares(voidedPage(2, "A2", "WH2")))
		expect(w)
	})
}

// It was withdrawn, owed again and shares the order of the one that took it over by the time its answer comes.
func TestALateCancelledOfWhoSharesTheOrderAgainEndsIt(t *testing.T) {
	w, inFlight := setupHeir(t)
	w.runs(voidedPage(1, "A1", "WH1"))
	require.Equal(t, "A1 open with A2, A2 open, A9 open", w.text(standing))
	w.result(inFlight, rule.Cancelled, done)
	require.Equal(t, "A1 done cancelled, A2 done cancelled with A1, A9 open", w.text(standing))
}

// A question was on its way when its order became owed. What is owed asks the same, and its answer was lost.
func TestALostAnswerOfAQuestionIsThatOfWhatIsOwed(t *testing.T) {
	w := setupWriter(t)
	w.runs(voidedPage(1, "A1"))
	asked := voidedPage(1, "A1", "WH1")
	asked.Questions, asked.Cancellations, asked.RunCounts.Orders = asked.Cancellations, nil, 0
	asked.Questions[0].Question, asked.Questions[0].Asked = 1, time.Now()
	w.runs(asked)
	inFlight := w.lease(w.due("A1"))[0]
	w.runs(voidedPage(1, "A1", "WH1"))
	require.Equal(t, "withdrawn owed, open", w.text(`
select string_agg(concat_ws(' ', state, nullif(outcome, '')), ', ' order by question desc) from cancellation_now`))
	result := w.resultOf(inFlight, rule.Unknown, rule.Next{State: rule.Open})
	result.Answer.Lost = true
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{result},
		func(_ ledger.Result, err error) { t.Fatal(err) }))
	due := w.due("A1")
	require.Len(t, due, 1)
	require.True(t, due[0].AnswerLost, "%+v", due[0])
}
