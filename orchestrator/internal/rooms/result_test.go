package rooms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func rowtestFile() []operate.SchemeFile {
	return []operate.SchemeFile{{
		Scheme: rowtest.SchemeName, Title: "t", FormID: "STK_AssembledApp",
		DataCenterID: "dc-1", Accounts: []string{"default"},
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: "h2", Document: "name: x",
	}}
}

func TestAnIntentIsOnDiskBeforeAnybodyHasIt(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1", "WH2")
	leased := w.lease(due)
	require.Len(t, leased, 2)
	require.Equal(t, 1, leased[0].Attempt)
	require.Equal(t, 2, w.count(`select count(*) from attempt where disposition = '' and send_before > now()`))
	require.Empty(t, w.lease(due), "what is in flight is nobody else's")
}

func TestOnlyASendingRunningSchemeLeases(t *testing.T) {
	w := setupWriter(t)
	due := w.owe(1, "A1", "WH1")
	w.rows.Exec(`update scheme set mode = 'dry_run'`)
	require.Empty(t, w.lease(due))
	w.rows.Exec(`update scheme set mode = 'send'`)
	require.NoError(t, w.store.StopScheme(t.Context(), rowtest.SchemeName, "DATA_CENTER_DIFFERS", "another login"))
	require.Empty(t, w.lease(due))
	require.Equal(t, 1, w.count(`select count(*) from condition where reason = 'DATA_CENTER_DIFFERS'`))
}

func TestAResultBelongsToItsAttempt(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Unknown, rule.Next{State: rule.Open})
	second := w.lease(w.due("A1"))[0]
	require.Equal(t, 2, second.Attempt)

	// The first attempt's answer comes after all, and is not "cancelled": it must not decide about the second.
	w.result(first, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	require.Equal(t, "open", w.state(second))
	require.Equal(t, "too_late", w.text(`select disposition from attempt where attempt = 1`))
	require.Equal(t, "", w.text(`select disposition from attempt where attempt = 2`))
}

func TestALateCancelledClosesWhatIsOpen(t *testing.T) {
	w := setupWriter(t)
	first := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(first, rule.Unknown, rule.Next{State: rule.Open})
	second := w.lease(w.due("A1"))[0]
	w.result(first, rule.Cancelled, done)
	require.Equal(t, "done", w.state(second))
	w.result(second, rule.NotFound, rule.Next{State: rule.Open, Wait: time.Second})
	require.Equal(t, "done", w.state(second), "what is done stays done")
}

func TestUnknownDoesNotUndoAnAnswer(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.Rejected, rule.Next{State: rule.Open, Wait: time.Hour})
	w.result(cancellation, rule.Unknown, rule.Next{State: rule.NeedsAttention, Work: rule.WorkOutcomeUnknown})
	require.Equal(t, "open", w.state(cancellation))
	require.Equal(t, "rejected", w.text(`select disposition from attempt`))
}

func TestACancelThatLandedWhileItWasWithdrawnIsTold(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	require.NoError(t, w.store.StoreVerified(t.Context(), rowtest.SchemeName, 1,
		[]ledger.Verified{{ID: cancellation.ID, Outcome: rule.NoTrigger}}, time.Second, time.Hour))
	require.Equal(t, "withdrawn", w.state(cancellation))
	w.rows.Exec(`update bill set document_status = 'C', cancel_status = 'A'`)
	w.result(cancellation, rule.Cancelled, done)
	require.Equal(t, "done", w.state(cancellation), "the order is cancelled, whatever was decided meanwhile")
	require.Equal(t, 1, w.count(`select count(*) from work_item where kind = 'restored_after_cancel'`))
}

func TestAnAttemptWithoutAnAnswerLapses(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	lapsed, err := w.store.Lapsed(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, lapsed, "its lease stands")
	w.rows.Exec(`update cancellation_now set lease_until = now() - interval '1 second'`)
	lapsed, err = w.store.Lapsed(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, lapsed, 1)
	require.Equal(t, cancellation.Attempt, lapsed[0].Attempt)
}

func TestALostAnswerIsRememberedAndAProxysIsNot(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1", "WH2"))
	lost, proxy := w.resultOf(leased[0], rule.Unknown, rule.Next{State: rule.Open}), w.resultOf(leased[1], rule.Unknown,
		rule.Next{State: rule.Open})
	lost.Answer.Lost = true
	require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{lost, proxy}, nil))
	due, err := w.store.Load(t.Context(), []int64{leased[0].ID, leased[1].ID})
	require.NoError(t, err)
	remembered := map[int64]bool{}
	for _, d := range due {
		require.True(t, d.MaybeLanded, "either may have done something")
		remembered[d.ID] = d.AnswerLost
	}
	require.Equal(t, map[int64]bool{leased[0].ID: true, leased[1].ID: false}, remembered)
}

func TestOneBadResultDoesNotTakeItsGroupDown(t *testing.T) {
	w := setupWriter(t)
	leased := w.lease(w.owe(1, "A1", "WH1", "WH2", "WH3"))
	group := make([]ledger.Result, 0, len(leased))
	for _, d := range leased {
		group = append(group, w.resultOf(d, rule.Cancelled, done))
	}
	group[1].Answer.Disposition = "nonsense"
	group[0].VendorMessage = "旺店通\x00返回\xff"
	var bad []ledger.Result
	require.NoError(t,
		w.store.StoreResults(t.Context(), group, func(r ledger.Result, _ error) { bad = append(bad, r) }))
	require.Len(t, bad, 1)
	require.Equal(t, group[1].ID, bad[0].ID)
	require.Equal(t, 2, w.count(`select count(*) from cancellation_now where state = 'done'`))
	require.Equal(t, "旺店通\uFFFD返回\uFFFD",
		w.text(`select vendor_message from attempt where cancellation_id = $1`, group[0].ID))
}

func TestUnreadBillsUseUpNoAttemptAndEndWithAPerson(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.owe(1, "A1", "WH1")[0]
	unread := []ledger.Verified{{ID: cancellation.ID, Outcome: rule.Unread}}
	require.NoError(t, w.store.StoreVerified(t.Context(), rowtest.SchemeName, 1, unread, time.Hour, time.Hour))
	require.Equal(t, "open", w.state(cancellation))
	require.Equal(t, 1,
		w.count(`select count(*) from cancellation_now where attempt = 0 and due_time > now() + interval '59 minutes'`))
	w.rows.Exec(`update cancellation_now set unread_since = now() - interval '2 hours'`)
	require.NoError(t, w.store.StoreVerified(t.Context(), rowtest.SchemeName, 1, unread, time.Hour, time.Hour))
	require.Equal(t, "needs_attention", w.state(cancellation))
	require.Equal(t, 1, w.count(`select count(*) from work_item where kind = 'bill_unread' and close_time is null`))
}

func TestABatchIsGatheredOnceAndAgainWhenItIsLost(t *testing.T) {
	w := setupWriter(t)
	w.owe(1, "A1", "WH1", "WH2", "WH3")
	gatherAt := func(revision int) (sizes []int) {
		g := ledger.Gathering{
			Revisions: map[string]int{rowtest.SchemeName: revision}, Limit: 100, Size: 2, Hold: time.Minute,
		}
		_, err := w.store.Gather(t.Context(), g, func(_ pgx.Tx, batches []ledger.Batch) error {
			for _, s := range batches {
				sizes = append(sizes, len(s.IDs))
			}
			return nil
		})
		require.NoError(t, err)
		return sizes
	}
	gather := func() []int { return gatherAt(1) }
	require.Empty(t, gatherAt(2), "left to those who have loaded the scheme as it stands")
	require.ElementsMatch(t, []int{2, 1}, gather())
	require.Empty(t, gather())
	w.rows.Exec(`update cancellation_now set batch_until = now() - interval '1 second'`)
	require.Len(t, gather(), 2)
}

func TestASettledCancellationClosesItsWorkItem(t *testing.T) {
	w := setupWriter(t)
	cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
	w.result(cancellation, rule.NotFound, rule.Next{State: rule.Open, Work: rule.WorkOrderNotFound})
	require.Equal(t, 1, w.count(`select count(*) from work_item where close_time is null`))
	again := w.lease(w.due("A1"))[0]
	w.result(again, rule.Cancelled, done)
	require.Zero(t, w.count(`select count(*) from work_item where close_time is null`))
}

// No foreign key says so any longer.
func TestThereIsNoIntentWithoutACancellation(t *testing.T) {
	w := setupWriter(t)
	require.Empty(t, w.lease([]ledger.Due{{ID: 4711, SendBefore: time.Now().Add(time.Minute)}}))
	require.Zero(t, w.count(`select count(*) from attempt`))
}

// A part of the order is booked: the WMS refuses to cancel it, and what is left can be terminated there.
func TestAPartlyReceivedOrderSaysWhatTheWMSOffersInstead(t *testing.T) {
	for message, offered := range map[string]bool{
		"单据已部分入库,不允许取消": true,
		"单据已完成,不允许取消":   false,
	} {
		t.Run(message, func(t *testing.T) {
			w := setupWriter(t)
			cancellation := w.lease(w.owe(1, "A1", "WH1"))[0]
			result := w.resultOf(cancellation, rule.TooLate,
				rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
			result.VendorMessage = message
			require.NoError(t, w.store.StoreResults(t.Context(), []ledger.Result{result},
				func(_ ledger.Result, err error) { t.Fatal(err) }))
			require.Equal(t, offered, strings.Contains(w.text(`select action from reporting.work_item`), "终止"))
		})
	}
}
