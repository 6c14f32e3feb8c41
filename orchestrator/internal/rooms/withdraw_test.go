package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func (w *writer) verify(d ledger.Due, outcome rule.Verification, at time.Time, live bool) {
	w.Helper()
	require.NoError(w, w.store.StoreVerified(w.Context(), rowtest.SchemeName, 1,
		[]ledger.Verified{{ID: d.ID, Outcome: outcome, ReadTime: at, Live: live}}, time.Second, rule.UnreadFor))
}

// Attempt 1 may have reached the WMS; before the probe another bill is seen to claim the order: the WMS may just have
// cancelled that bill's order.
func TestAnOrderClaimedAfterAnUnknownIsAPersonsMatter(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.Unknown, rule.Next{State: rule.Open})
	w.verify(cancellation, rule.OrderClaimed, time.Now(), false)
	require.Equal(t, "withdrawn", w.state(cancellation))
	require.Equal(t, 1, w.count(`
select count(*) from work_item where close_time is null and kind = 'restored_after_cancel'`), "withdrawn quietly")
}

// A page was read while the bill was still voided (T0); a batch's fresh read sees it live (T1 > T0) and withdraws; then
// the page is committed.
func TestAnOlderPageDoesNotReopenWhatANewerReadWithdrew(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	page := voidedPage(1, "A1", "WH1") // read at T0; its modify date moved, so it was read whole
	page.Bills[0].Before = known[1].ReadTime
	page.RunCounts.RowsOfBills = 1

	w.verify(cancellation, rule.NoTrigger, time.Now().Add(time.Second), true) // T1: live
	require.Equal(t, "withdrawn", w.state(cancellation))

	_, err = w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.ErrorIs(t, err, ledger.ErrConflict)
	require.Equal(t, "withdrawn", w.state(cancellation), "knowledge older than the fresh read reopened it")
	require.Empty(t, w.lease(w.due("A1")), "and it is sent for a bill seen live")
}

// A fresh read says once that the bill is not voided (a lagging replica, or a restore and a second void under the same
// date-only stamps); the next run sees exactly what the ledger has.
func TestAWithdrawnCancellationIsReopenedWhenItsTriggerStillHolds(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.verify(cancellation, rule.NoTrigger, time.Now(), false)
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	require.True(t, rule.Changed(known[1], known[1].State),
		"the bill reads as unchanged: the cancellation is lost, nobody is told")
}

// Page one of a run was planned under a wrong mapping; the file is put right (revision 2), the run fails, a
// new one ends.
func TestACancellationPlannedUnderAnOlderMappingIsNotOpened(t *testing.T) {
	w := setupWriter(t)
	run := w.run()
	wrong := voidedPage(1, "A1", "WRONG")
	require.NoError(t, w.store.CommitPage(t.Context(), run, wrong, none))
	_, err := w.acts().ApplySchemes(t.Context(), rowtestFile()...)
	require.NoError(t, err)
	require.NoError(t, w.store.FailRun(t.Context(), run, "the scheme changed"))

	next := w.run()
	next.Revision = 2
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	right := voidedPage(1, "A1", "RIGHT")
	right.Bills[0].Before = known[1].ReadTime
	_, err = w.store.FinishRun(t.Context(), next, right, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, "open", w.text(`select state from cancellation_now where warehouse_code = 'RIGHT'`))
	require.Equal(t, "withdrawn", w.text(`select state from cancellation_now where warehouse_code = 'WRONG'`),
		"an order that nobody's mapping names is cancelled")
}

// Reopened under a later revision: the row names that revision, but says what the older one said.
func TestAReopenedCancellationSaysWhatItsRevisionSays(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.verify(cancellation, rule.NoTrigger, time.Now(), false)
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	page := voidedPage(1, "A1", "WH1")
	page.Bills[0].Before = known[1].ReadTime
	page.Cancellations[0].OwnerCode, page.Cancellations[0].CancelReason = "OWNER2", "new reason"
	w.revise("orders: {Assembly.in: {}}\n")
	run := w.run()
	run.Revision = 2
	_, err = w.store.FinishRun(t.Context(), run, page, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, "2 OWNER2", w.text(`select revision || ' ' || owner_code from cancellation_now`))
}

// The bill is restored: nothing is owed any longer, but its items stay open and nobody but a person with SQL
// can close them.
func TestWithdrawingACancellationClosesWhatAskedAboutIt(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.NotFound, rule.Next{State: rule.Open, Work: rule.WorkOrderNotFound, Wait: time.Hour})
	w.verify(cancellation, rule.NoTrigger, time.Now(), false)
	require.Equal(t, "withdrawn", w.state(cancellation))
	require.Zero(t, w.count(`select count(*) from work_item where close_time is null and kind = 'order_not_found'`))
}

// A fresh read by number found a live bill that the ledger has never read (audited before the baseline's reach). Then
// somebody edits the note of the voided bill: a run reads it, voided as ever.
func TestACancellationWithdrawnForALiveNumberIsReadAgainBeforeItIsSent(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	w.verify(cancellation, rule.OrderClaimed, time.Now(), false)
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	page := voidedPage(1, "A1", "WH1")
	page.Bills[0].Before = known[1].ReadTime
	_, err = w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	due := w.due("A1")
	require.Len(t, due, 1)
	require.True(t, due[0].VerifiedTime.Before(rowtest.Now),
		"it must be read again, by number too, before it goes out: the last read showed the number on a live bill")
}

// Cancelled, restored and approved (a person is asked), then voided again and found cancelled: nothing is left to ask.
func TestABillVoidedAgainSettlesTheQuestionOfItsRestore(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Cancelled, done)
	w.rows.Work(rowtest.Work{Kind: string(rule.WorkRestored), BillID: 1, BillNo: "A1", CancellationID: first.ID})
	known, err := w.store.Known(t.Context(), rowtest.SchemeName, []int64{1})
	require.NoError(t, err)
	again := voidedPage(1, "A1", "WH1")
	again.Bills[0].Before, again.Bills[0].After.Generation, again.Cancellations[0].Generation = known[1].ReadTime, 2, 2
	_, err = w.store.FinishRun(t.Context(), w.run(), again, finishAt(rowtest.Now.Add(time.Minute)), none)
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`select count(*) from work_item where close_time is null`))
	w.result(w.lease(w.due("A1"))[0], rule.AlreadyCancelled, done)
	require.Zero(t, w.count(`select count(*) from work_item where close_time is null`))
}

// F7: a queue of voids is taken back while it waits; wmssvc vouches that none of them was sent. Each bill kept a false
// work item.
func TestWhatWasVouchedForAsNotSentIsNobodysMatter(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.verify(cancellation, rule.NoTrigger, time.Now(), true)
	require.Equal(t, 1, w.count(`
select count(*) from work_item where close_time is null and kind = 'restored_after_cancel'`))
	w.result(cancellation, rule.NotSent, rule.Next{State: rule.Open})
	require.Zero(t, w.count(openWorkItems))
}
