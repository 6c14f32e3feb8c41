package syncrun_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// codeFromNote lets bills with the same note be about one order.
const codeFromNote = `order_code: 'bill.note == "" ? bill.number : bill.note'`

// setupSharing is a bench on which bills 1 and 2 are live and about the order PO-77, as a scheme with these triggers
// sees it.
func setupSharing(t *testing.T, triggers string) *living {
	t.Helper()
	b := setupWithAll(t, map[string]string{
		"order_code: bill.number": codeFromNote, "triggers: [voided]": triggers,
	})
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Fresh(2, "B7", "CK001")
	b.Books.Bills[1].Note, b.Books.Bills[2].Note = "PO-77", "PO-77"
	b.Run()
	b.Later(time.Minute)
	return b
}

// standing are the cancellations, each with its bill, its state, why it ended, and the bill whose cancellation is, or
// was, sent for the same order.
func (b *living) standing() string {
	b.Helper()
	return b.Text(`
select coalesce(string_agg(c.bill_id || ' ' || c.order_code || ' ' || c.state || ' ' || c.outcome ||
       coalesce(' with ' || s.bill_id, ''), '; ' order by c.bill_id, c.cancellation_id), '')
from cancellation_now c left join cancellation s on s.cancellation_id = c.same_order_as`)
}

// send sends what a verification lets go, and answers how many requests that were; each gets this answer.
func (b *living) send(disposition rule.Disposition, next rule.Next) int {
	b.Helper()
	var ids []int64
	for id := range b.Verify() {
		ids = append(ids, id)
	}
	due, err := b.Store.Load(b.Context(), ids)
	require.NoError(b, err)
	for i := range due {
		due[i].SendBefore = time.Now().Add(time.Minute)
	}
	leased, err := b.Store.Lease(b.Context(), due, time.Minute)
	require.NoError(b, err)
	for _, d := range leased {
		require.NoError(b, b.Store.StoreResults(b.Context(), []ledger.Result{{
			ID: d.ID, Attempt: d.Attempt, Scheme: d.Scheme, BillID: d.BillID, BillNo: d.BillNo,
			Answer: rule.Answer{Disposition: disposition}, SameDisposition: disposition, SameCount: 1,
			SameSince: time.Now(), Next: next,
		}}, func(_ ledger.Result, err error) { b.Fatal(err) }))
	}
	return len(leased)
}

var (
	saidCancelled = rule.Next{State: rule.Done, Outcome: "cancelled"}
	askedAgain    = rule.Next{State: rule.Open, Wait: time.Second}
)

// Two bills make one order, and both are voided: each had a cancellation of its own, and the WMS two requests.
func TestTwoBillsOnOneOrderBothVoidedAreOneRequest(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "1 PO-77 open ; 2 PO-77 open  with 1", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 done cancelled; 2 PO-77 done cancelled with 1", b.standing())
	require.Equal(t, "1", b.Text(`select count(*)::text from attempt`))
	require.Equal(t, "0 0", b.Text(`
select (select count(*) from unsettled_cancellation) || ' ' || (select count(*) from shared_cancellation)`))
	require.Empty(t, b.items())
	require.Equal(t, "cancelled 1", b.Text(`
select string_agg(outcome || ' ' || coalesce(same_order_as, 0), '; ')
from reporting.cancellation_outcome where bill_id = 2`))
	require.Equal(t, "2", b.Text(`
select count(*)::text from event_inbox where kind = 'cancellation_settled' and state = 'done'`))
}

// Both in one page, and the same two again by another run: still one.
func TestTwoBillsOfOnePageOnOneOrderAreOneRequest(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	b.Run()
	require.Equal(t, "1 PO-77 open ; 2 PO-77 open  with 1", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 done cancelled; 2 PO-77 done cancelled with 1", b.standing())
}

// The one that is sent is restored. It claims the order: nothing may leave for the other either.
func TestAnOwnerThatIsLiveAgainKeepsTheOrderOfAll(t *testing.T) {
	for _, restored := range []int64{1, 2} {
		t.Run(fmt.Sprintf("bill %d", restored), func(t *testing.T) {
			b := setupSharing(t, "triggers: [voided]")
			b.Books.Void(1)
			b.Books.Void(2)
			b.Run()
			b.Later(time.Minute)
			b.Books.Fresh(restored, map[int64]string{1: "A1", 2: "B7"}[restored], "CK001")
			b.Books.Bills[restored].Note = "PO-77"
			require.Zero(t, b.send(rule.Cancelled, saidCancelled), "its order is cancelled")
			b.Run()
			require.Zero(t, b.send(rule.Cancelled, saidCancelled), "its order is cancelled")
			require.Equal(t, "0", b.Text(`select count(*)::text from attempt`))
		})
	}
}

// The one that is sent is restored into another warehouse, and lets the order go: who shares it takes it over.
func TestWhoSharesAnOrderTakesItOver(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	b.Later(time.Minute)
	b.Books.Fresh(1, "A1", "CK002")
	b.Run()
	require.Equal(t, "1 PO-77 withdrawn no_trigger; 2 PO-77 open ", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 withdrawn no_trigger; 2 PO-77 done cancelled", b.standing())
}

// Both are un-audited, one after the other: each kept the order for itself, and was in the way of the other.
func TestTwoUnAuditedSharersLetTheirOrderGoTogether(t *testing.T) {
	b := setupSharing(t, runtest.AllTriggers)
	b.Clock = time.Now().Truncate(time.Second)
	b.Books.UnAudit(1)
	b.Run()
	require.Equal(t, "1 PO-77 open ", b.standing())
	// The dwell of the first is over; the second, live until now, is un-audited.
	b.passed("unsettled_cancellation", 1)
	b.Later(3 * time.Minute)
	b.Books.UnAudit(2)
	require.Zero(t, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 open ; 2 PO-77 open  with 1", b.standing(),
		"while the second dwells the first waits, and nobody is told")
	require.Empty(t, b.items())
	b.passed("shared_cancellation", 2)
	b.passed("unsettled_cancellation", 1)
	b.Later(3 * time.Minute)
	b.Run()
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 done cancelled; 2 PO-77 done cancelled with 1", b.standing())
}

// A voided bill and an un-audited one make one order, and the void is sent for: the other may be audited again a moment
// after it was looked at. The request had a minute, and the run's read of the voided bill alone was enough for it.
func TestAVoidWhoseOrderHangsOnAnUnAuditIsSentWithinTenSecondsOfAReadOfBoth(t *testing.T) {
	b := setupSharing(t, runtest.AllTriggers)
	b.Books.UnAudit(2)
	b.Run()
	b.Later(3 * time.Minute)
	b.Books.Void(1)
	b.Run()
	// The void is what is sent from now on.
	_, err := b.Acts().Operate(t.Context(), ledger.Ignore, ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "test",
	}, ledger.CancellationFilter{Scheme: "assembly-void"}, ledger.Bounds{Max: 10})
	require.NoError(t, err)
	void := int64(2)
	_, err = b.Acts().Operate(t.Context(), ledger.Retry, ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "test",
	}, ledger.CancellationFilter{Scheme: "assembly-void", IDs: []int64{void}}, ledger.Bounds{Max: 10})
	require.NoError(t, err)
	require.Equal(t, "1 PO-77 open ; 2 PO-77 closed ignored", b.standing())

	due, err := b.Store.Load(t.Context(), []int64{void})
	require.NoError(t, err)
	require.True(t, due[0].NeedsRead, "the other bill is read first")
	seen, holds := b.Verify()[void]
	require.True(t, holds)
	due[0].TakeVerified(seen)
	s := &push.Batcher{Now: b.Job.Now}
	e, _ := b.Job.Registry.Entry("assembly-void")
	require.True(t, s.Sendable(e, due[0]))
	b.Later(9 * time.Second)
	require.False(t, s.Sendable(e, due[0]), "ten seconds after the read, not a minute")
	require.False(t, s.SendBefore(e, due[0]).After(seen.ReadTime.Add(10*time.Second)))
}

// passed lets the dwell of a bill's cancellation be over by the ledger's clock.
func (b *living) passed(table string, bill int64) {
	b.Helper()
	tag, err := b.Pool.Exec(b.Context(), `update `+table+` set not_before = now() where bill_id = $1`, bill)
	require.NoError(b, err)
	require.EqualValues(b, 1, tag.RowsAffected())
}

// A person acts on the order where it is sent: for one that shares it the act is refused by the number of that one.
func TestAnActOnWhatSharesAnOrderNamesTheOneThatIsSent(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	sender, sharer := int64(1), int64(2)
	act := ledger.Act{Scheme: "assembly-void", Actor: "li", Reason: "test"}
	of := func(ids ...int64) ledger.CancellationFilter {
		return ledger.CancellationFilter{Scheme: "assembly-void", IDs: ids}
	}
	for _, verb := range []ledger.Verb{ledger.Retry, ledger.Ignore, ledger.MarkDone, ledger.ReleaseHeld} {
		effect, err := b.Acts().Operate(t.Context(), verb, act, of(sharer), ledger.Bounds{Max: 10})
		require.NoError(t, err)
		require.Zero(t, effect.Count, verb)
		require.Equal(t, fmt.Sprintf("与取消记录 %d 是同一个仓库单（same_order），随它发送和结束，请对 %d 操作", sender, sender),
			effect.Refused[0].Message)
	}
	_, err := b.Acts().Operate(t.Context(), ledger.Ignore, act, of(sender), ledger.Bounds{Max: 10})
	require.NoError(t, err)
	require.Equal(t, "1 PO-77 closed ignored; 2 PO-77 closed ignored with 1", b.standing(),
		"the order is left as it is, whoever owned it")

	// Both are asked again: still one of them is sent.
	effect, err := b.Acts().Operate(t.Context(), ledger.Retry, act, of(sender, sharer), ledger.Bounds{Max: 10})
	require.NoError(t, err)
	require.EqualValues(t, 2, effect.Count)
	require.Equal(t, "1 PO-77 open ; 2 PO-77 open  with 1", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
}

// The evidence of the one that is sent is weak, that of the other is a snapshot: that the WMS does not have the order
// ends the first, and is the other's to explain.
func TestWeakEvidenceOfOneOwnerIsNotThatOfAnother(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	_, err := b.Pool.Exec(t.Context(), `update cancellation set evidence = 'weak' where bill_id = 1`)
	require.NoError(t, err)
	require.Equal(t, 1, b.send(rule.NotFound, rule.Next{State: rule.Closed, Outcome: "no_order"}))
	require.Equal(t, "1 PO-77 closed no_order; 2 PO-77 planned ", b.standing())
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "1 PO-77 closed no_order; 2 PO-77 open ", b.standing())
}

// Two of Kingdee's warehouses are one in the WMS: two lines of a bill, one order and one request.
func TestTwoWarehousesOnOneCodeOfTheWMSAreOneRequest(t *testing.T) {
	b := setupWith(t, "WH-GZ01", "WH-HZ01")
	b.Books.Fresh(1, "A1", "CK001")
	lines := &b.Books.Bills[1].Entities[0].Lines
	second := proto.CloneOf((*lines)[0])
	second.WarehouseNumber = "CK004"
	*lines = append(*lines, second)
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1 A1 open ; 1 A1 open  with 1", b.standing())
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 A1 done cancelled; 1 A1 done cancelled with 1", b.standing())
	require.Empty(t, b.items())
}

// Several bills make one order, and the scheme says so: it stands while one of them needs it, and nobody is told.
func TestASharedOrderWaitsUntilTheLastOfItsBillsLetsGo(t *testing.T) {
	b := setupSharing(t, "shared_orders: true\n    triggers: [voided]")
	b.Books.Void(1)
	b.Run()
	require.Zero(t, b.send(rule.Cancelled, saidCancelled), "the order is the other's, too")
	require.Equal(t, "1 PO-77 open ", b.standing())
	require.Equal(t, "true", b.Text(
		`select (due_time > now() + interval '50 minutes')::text from unsettled_cancellation`))
	require.Empty(t, b.items())
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`), "nobody is told")

	b.Later(time.Minute)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "true", b.Text(`select (due_time <= now())::text from unsettled_cancellation`),
		"it is asked at once")
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	require.Equal(t, "1 PO-77 done cancelled; 2 PO-77 done cancelled with 1", b.standing())
}

// The mapping changes, and then the bill is restored and voided: what is owed for its new life has a snapshot, so that
// an order which the WMS does not have is a person's matter and no silent end.
func TestAMappingThatChangesBeforeARestoreAndAVoidWeakensNoEvidence(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Bills[1].Note = "PO-77"
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	b.follow(map[string]string{"order_code: bill.number": codeFromNote})
	b.Later(time.Minute)
	b.restored(1)
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "snapshot", b.Text(`
select string_agg(evidence, ' ') from cancellation join unsettled_cancellation using (cancellation_id)`))
	require.Equal(t, "1", b.Text(`select count(*)::text from unsettled_cancellation`))
}

// restored takes a void back, and changes nothing else.
func (b *living) restored(id int64) {
	b.Books.Bills[id].CancelStatus, b.Books.Bills[id].CancelTime = kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, nil
	b.Books.Bills[id].EndState = kingdeev1.EndState_END_STATE_NONE
	b.Books.Bills[id].ModifyTime = timestamppb.New(b.Clock)
}

// A bill comes to life and is un-audited again between two reads, while its cancellation waits for a person: the next
// generation owes the same order. Both stood open, with two requests and two items.
func TestALaterGenerationTakesItsOrderOver(t *testing.T) {
	b := setupWith(t, "triggers: [voided]", runtest.AllTriggers)
	b.Books.Fresh(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	b.Books.UnAudit(1)
	b.Run()
	b.Later(3 * time.Minute)
	require.Equal(t, 1, b.send(rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate}))
	require.Equal(t, "1 A1 needs_attention ", b.standing())
	require.Equal(t, "too_late 1 ", b.items())

	b.Books.Audit(1)
	b.Books.UnAudit(1)
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "1 A1 withdrawn taken_over; 1 A1 open ", b.standing())
	require.Empty(t, b.items())
	require.Equal(t, "taken over by cancellation 2", b.Text(`select close_reason from work_item`))

	// A person cannot bring the earlier one back beside it.
	effect, err := b.Acts().Operate(t.Context(), ledger.Retry, ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "test",
	}, ledger.CancellationFilter{Scheme: "assembly-void", IDs: []int64{1}}, ledger.Bounds{Max: 10})
	require.NoError(t, err)
	require.Zero(t, effect.Count)
}

// The mapping changes while the WMS is away, and then a person asks for the bill: one order was owed twice, once under
// a code that the WMS never had.
func TestAMappingThatChangesWhileCancellationsAreOpenOwesNothingTwice(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Bills[1].Note = "PO-77"
	b.Run()
	b.Later(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, 1, b.send(rule.Unknown, askedAgain))
	b.follow(map[string]string{"order_code: bill.number": codeFromNote})
	b.backfill()
	require.Equal(t, "1 A1 open ", b.standing(), "it is asked for as it was made")
	require.Equal(t, 1, b.send(rule.Cancelled, saidCancelled))
	b.backfill()
	require.Equal(t, "1 A1 done cancelled", b.standing())
}

// backfill decides all bills anew, as one that a person asks for does.
func (b *living) backfill() {
	b.Helper()
	_, err := b.Pool.Exec(b.Context(), `update bill set reread_time = now()`)
	require.NoError(b, err)
	b.Later(time.Minute)
	b.Run()
}

// A database that takes two unsettled cancellations of one order would let two requests leave for it.
func TestTheLedgerTakesNoSecondUnsettledCancellationOfAnOrder(t *testing.T) {
	b := setupSharing(t, "triggers: [voided]")
	b.Books.Void(1)
	b.Books.Void(2)
	b.Run()
	err := pgx.BeginFunc(t.Context(), b.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, state, verified_time)
select 2, order_id, scheme, 2, account, 'open', now() from unsettled_cancellation`)
		return err
	})
	require.True(t, ledger.Violates(err, "unsettled_order"), "%v", err)
}
