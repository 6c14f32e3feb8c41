package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// asks ends a run that asks about the order of a voided bill in WH1, under these safety limits.
func (w *writer) asks(limits rule.SafetyLimits, id int64, no string) {
	w.Helper()
	page := voidedPage(id, no, "WH1")
	page.Questions, page.Cancellations, page.RunCounts.Orders = page.Cancellations, nil, 0
	page.Questions[0].Question, page.Questions[0].Asked = 1, time.Now()
	page.Questions[0].VerifiedTime = time.Unix(0, 0)
	page.Bills[0].Doubts = true
	require.NoError(w, w.pool.QueryRow(w.Context(), `
select coalesce(max(read_time), 'epoch') from bill where bill_id = $1`, id).Scan(&page.Bills[0].Before))
	if page.Bills[0].Before.Equal(time.Unix(0, 0)) {
		page.Bills[0].Before = time.Time{}
	}
	finish := finishAt(rowtest.Now.Add(time.Minute))
	finish.SafetyLimits = limits
	_, err := w.store.FinishRun(w.Context(), w.run(), page, finish, none)
	require.NoError(w, err)
}

// wide are limits that nothing here reaches.
var wide = rule.SafetyLimits{PerHour: 100, PerDay: 500}

func TestQuestionsAreGatheredBehindWhatIsOwed(t *testing.T) {
	w := setupWriter(t)
	w.asks(wide, 1, "A1")
	owed := w.owe(2, "A2", "WH1")
	require.Equal(t, "A2", w.gatheredNumbers(), "the question is older, and waits")
	leased := w.lease(owed)
	require.Empty(t, w.gatheredNumbers(), "what is owed is on its way")
	w.result(leased[0], rule.Cancelled, rule.Next{State: rule.Done, Outcome: "cancelled"})
	require.Equal(t, "A1", w.gatheredNumbers())
	require.True(t, w.due("A1")[0].VerifiedTime.Equal(time.Unix(0, 0)), "its bill is read first")
}

// A question that waits in another scheme or account is nobody's matter there.
func TestAQuestionWaitsForWhatItsOwnAccountOwes(t *testing.T) {
	w := setupWriter(t)
	w.asks(wide, 1, "A1")
	w.owe(2, "A2", "WH1")
	w.rows.Exec(`update unsettled_cancellation set account = 'other', state = 'open' where bill_id = 2`)
	require.Equal(t, "A1 A2", w.gatheredNumbers())
}

func TestNoLimitAndNoSuspicionCountsAQuestion(t *testing.T) {
	w := setupWriter(t)
	one := rule.SafetyLimits{PerHour: 1, PerDay: 1}
	for i := range int64(6) {
		no := fmt.Sprintf("A%d", i)
		w.asks(one, i+1, no)
		leased := w.lease(w.due(no))
		require.Len(t, leased, 1, "no limit holds it")
		answer := rule.NotFound
		if i == 5 {
			answer = rule.AlreadyCancelled
		}
		r := w.resultOf(leased[0], answer, rule.Next{State: rule.Closed, Outcome: rule.NothingToCancel})
		r.Revision, r.Evidence = 1, leased[0].Evidence
		require.NoError(t,
			w.store.StoreResults(t.Context(), []ledger.Result{r}, func(_ ledger.Result, err error) { t.Fatal(err) }))
	}
	require.Empty(t, w.paused(), "not one was found, and the mapping is not suspected")
	require.Zero(t, w.count(`select count(*) from first_answers`), "nor that somebody else cancels")
	require.Zero(t, w.count(`select count(*) from work_item`))
	w.owed(one, 9, "A9", "WH1")
	require.Equal(t, "open", w.text(`select state from cancellation_now where bill_no = 'A9'`), "the limit is all left")
	w.asks(one, 10, "A10")
	w.owed(one, 11, "A11", "WH1")
	require.Equal(t, "open held", w.text(`
select string_agg(state, ' ' order by bill_id) from cancellation_now where bill_id > 9`), "a limit holds no question")
}

func TestAQuestionIsWithdrawnOnceItsOrderIsOwed(t *testing.T) {
	w := setupWriter(t)
	w.asks(wide, 1, "A1")
	page := voidedPage(1, "A1", "WH1")
	page.Bills = nil
	_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Second)), none)
	require.NoError(t, err)
	require.Equal(t, "0 open , 1 withdrawn owed", w.text(`
select string_agg(concat_ws(' ', question, state, outcome), ', ' order by question) from cancellation_now`))
}

// What is asked about is what the ledger does not know: not an order that is being cancelled, nor one that was answered
// about since the bill is doubted.
func TestNothingIsAskedAboutThatIsAnsweredAnyway(t *testing.T) {
	w := setupWriter(t)
	owed := w.owe(1, "A1", "WH1")
	w.asks(wide, 1, "A1")
	require.Equal(t, "1", w.text(`select count(*)::text from cancellation`), "it is being cancelled")
	leased := w.lease(owed)
	w.result(leased[0], rule.Cancelled, rule.Next{State: rule.Done, Outcome: "cancelled"})
	w.rows.Exec(`update bill_doubt set doubted_since = now(), store_time = (select min(intent_time) from attempt)`)
	w.asks(wide, 1, "A1")
	require.Equal(t, "1", w.text(`select count(*)::text from cancellation`), "the request left after the doubt arose")
	w.rows.Exec(`update bill_doubt set store_time = now() + interval '1 second'`)
	w.asks(wide, 1, "A1")
	require.Equal(t, "0 done, 1 open", w.text(`
select string_agg(question || ' ' || state, ', ' order by question) from cancellation_now`))
	require.Equal(t, "1 t", w.text(`select questions || ' ' || (asked_time is not null)::text::char from bill_doubt`))
}

func TestWhatAPersonLeftAloneIsNotAskedAbout(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1"})
	w.rows.Bill(rowtest.Bill{ID: 2, No: "A2"})
	for id, left := range map[int64]rowtest.Cancellation{
		1: {State: "closed", Outcome: "ignored"}, 2: {State: "dry_run"},
	} {
		left.BillID, left.BillNo, left.Warehouse = id, fmt.Sprintf("A%d", id), "WH1"
		w.rows.Cancellation(left)
		w.rows.Exec(`update warehouse_order set order_type = 'QTRK'`)
		w.asks(wide, id, left.BillNo)
		require.Equal(t, 1, w.count(`select count(*) from cancellation where bill_id = $1`, id))
	}
	// A scheme that only watches asks nothing.
	w.rows.Exec(`update scheme set mode = 'dry_run'`)
	w.asks(wide, 3, "A3")
	require.Zero(t, w.count(`select count(*) from cancellation where bill_id = 3`))
}

// A dry run had decided about it under a wrong code. The code was put right, and the question would have cancelled what
// nobody had sent.
func TestWhatWasLeftAloneUnderAnotherCodeIsNotAskedAbout(t *testing.T) {
	for state, outcome := range map[string]string{"dry_run": "", "closed": "ignored"} {
		t.Run(state, func(t *testing.T) {
			w := setupWriter(t)
			w.asks(wide, 1, "A1") // as the run that asks has its kind and warehouse
			w.rows.Exec(`update warehouse_order set warehouse_code = 'WRONG'`)
			w.rows.Exec(`update cancellation set question = 0`)
			w.rows.Exec(`update cancellation_now set state = $1, outcome = $2, outcome_time = now()`, state, outcome)
			w.rows.Exec(`delete from bill_doubt`)
			w.asks(wide, 1, "A1")
			require.Equal(t, 1, w.count(`select count(*) from cancellation`))
		})
	}
}

// A question was on its way when its order was found owed: the second request left while the first had no answer.
func TestNoTwoRequestsForAnOrderAreInFlight(t *testing.T) {
	w := setupWriter(t)
	w.asks(wide, 1, "A1")
	question := w.lease(w.due("A1"))[0]
	page := voidedPage(1, "A1", "WH1")
	page.Bills = nil
	_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Second)), none)
	require.NoError(t, err)
	owed := func() (due []ledger.Due) {
		for _, d := range w.due("A1") {
			if d.ID != question.ID {
				due = append(due, d)
			}
		}
		require.Len(t, due, 1)
		return due
	}
	require.Empty(t, w.lease(owed()), "the question has no answer yet")
	w.result(question, rule.NotFound, rule.Next{State: rule.Closed, Outcome: rule.NothingToCancel})
	require.Len(t, w.lease(owed()), 1)
}

// Its row was withdrawn and owed anew, with another order, while a batch had it: the batch sent the text of before.
func TestWhatIsAboutAnotherOrderByNowIsNotLeased(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	stale := due[0]
	stale.OrderID++
	require.Empty(t, w.lease([]ledger.Due{stale}))
	require.Len(t, w.lease(due), 1)
}
