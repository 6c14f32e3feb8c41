package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// deleting makes the scheme act on deletions.
func (b *rereading) deleting() {
	b.Helper()
	b.acting("voided, deleted")
}

// acting makes the scheme act on these triggers.
func (b *rereading) acting(triggers string) {
	b.Helper()
	document := strings.Replace(string(scheme.ShippedDocument()), "triggers: [voided]",
		"triggers: ["+triggers+"]", 1)
	schemes, err := scheme.Load([]byte(document), "deleting.yaml")
	require.NoError(b, err)
	revisions, err := b.Acts().ApplySchemes(b.Context(), operate.SchemeFile{
		Scheme: schemes[0].Name, Title: "t", FormID: schemes[0].Form, DataCenterID: schemes[0].DataCenter,
		Accounts: schemes[0].Accounts(), IncrementalReal: time.Minute, IncrementalSandbox: time.Second,
		Hash: triggers, Document: "d",
	})
	require.NoError(b, err)
	b.Job.Registry = intake.NewRegistry(schemes, revisions)
}

// threeLive is a scheme that acts on deletions, with three bills of one organisation that were live for two hours.
func threeLive(t *testing.T) *rereading {
	b := setupRereading(t)
	b.deleting()
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	return b
}

func TestADeletionNeedsTwoAbsencesAndKingdeesOwnWord(t *testing.T) {
	b := threeLive(t)
	delete(b.Books.Bills, 2)
	b.recheck()
	b.reconcile()
	require.Equal(t, "live true",
		b.Text(`select class || ' ' || (absent_since is not null)::text from bill where bill_id = 2`))
	require.Empty(t, b.Books.Viewed, "missing for a moment only")
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Run()
	b.reconcile()
	require.Contains(t, b.Books.Viewed, int64(2))
	require.Equal(t, "deleted", b.Text(`select class from bill where bill_id = 2`))
	require.Contains(t, b.record(), "1 gone")
	require.Equal(t, "open {deleted} 2",
		b.Text(`select state || ' ' || triggers::text || ' ' || bill_id from cancellation_now`))
	require.Equal(t, "true", b.Text(`select (verified_time < now() - interval '1 year')::text from cancellation_now`),
		"it is read again, by number too, before it is sent")
	b.reconcile()
	require.Equal(t, "1", b.Text(`select count(*)::text from cancellation_now`))
}

func TestWithoutTheTriggerADeletedBillOwesNothing(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Hour)
	delete(b.Books.Bills, 1)
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "deleted", b.Text(`select class from bill where bill_id = 1`))
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "nothing_owed", b.Text(`select verdict_code from reporting.bill_verdict where bill_no = 'A1'`))
}

// Voided, and the warehouse cannot be asked for days; then the bill is deleted. No run reads a bill that was voided so
// long ago, so nobody missed it, and its cancellation ended with a person as unread.
func TestAVoidedBillThatIsDeletedAfterThreeDaysGoesOnOnceItIsProvedGone(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "open {voided}", b.Text(`select state || ' ' || triggers::text from cancellation_now`))
	b.Clock = b.Clock.Add(73 * time.Hour)
	b.Books.Live(2, "A2", "CK001")
	b.Run()
	delete(b.Books.Bills, 1)
	b.reconcile()
	require.Empty(t, b.Verify())
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(t, "deleted", b.Text(`select class from bill where bill_id = 1`))
	require.Equal(t, "open {voided}", b.Text(`select state || ' ' || triggers::text from cancellation_now`))
	require.Len(t, b.Verify(), 1, "nobody can take the void back any more")
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`))
}

// View knows it and the query does not show it: data permission.
func TestABillThatIsOnlyHiddenIsNotDeleted(t *testing.T) {
	b := threeLive(t)
	b.Books.Hidden[2] = true
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 2`))
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "100",
		b.Text(`select reason from condition where kind = 'permission_suspect' and end_time is null`))

	b.Books.Hidden[2] = false
	b.recheck()
	require.Equal(t, "false", b.Text(`select (absent_since is null)::text from bill where bill_id = 2`),
		"nothing is read until a person has looked")
	b.resume()
	b.recheck()
	require.Equal(t, "true", b.Text(`select (absent_since is null)::text from bill where bill_id = 2`))
	b.reconcile()
	require.Equal(t, "0", b.Text(`select count(*)::text from condition where end_time is null`))
}

// A server that hides an organisation may say of its bills that there are none. Another organisation is shown as
// before.
func TestWithoutAReadableBillOfItsOrganisationNothingIsDeleted(t *testing.T) {
	b := threeLive(t)
	_, err := b.Pool.Exec(t.Context(), `update bill set org = '200' where bill_id in (1, 2)`)
	require.NoError(t, err)
	b.Books.HiddenSaysGone = true
	b.Books.Hidden[1], b.Books.Hidden[2] = true, true
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "0", b.Text(`select count(*)::text from bill where class = 'deleted'`))
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "200",
		b.Text(`select reason from condition where kind = 'permission_suspect' and end_time is null`))
}

// The newest bill of an organisation is deleted. Earlier ones of it, and later ones of others, can be read: that proves
// nothing yet, and is no matter of permissions either. Once a bill of it was made after the deleted one, that does.
func TestTheControlBillIsOneOfTheSameOrganisationThatWasMadeAfterTheDeletedOne(t *testing.T) {
	b := threeLive(t)
	delete(b.Books.Bills, 3)
	b.Books.Live(4, "A4", "CK001")
	b.Books.Bills[4].OrgNumber = "200"
	b.Run()
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Run()
	b.reconcile()
	require.Contains(t, b.Books.Viewed, int64(3))
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 3`))
	require.Equal(t, "0", b.Text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "0", b.Text(`select count(*)::text from condition where end_time is null`))

	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Live(5, "A5", "CK001")
	b.Run()
	b.reconcile()
	require.Contains(t, b.Books.Viewed, int64(5), "by the same call")
	require.Equal(t, "3 open {deleted}",
		b.Text(`select bill_id || ' ' || state || ' ' || triggers::text from cancellation_now`))
}

// Nothing is shown at all: that is no proof of anything.
func TestAnEmptyAnswerIsNoProofOfAbsence(t *testing.T) {
	b := threeLive(t)
	for id := int64(1); id <= 3; id++ {
		b.Books.Hidden[id] = true
	}
	b.recheck()
	b.reconcile()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.recheck()
	b.reconcile()
	require.Equal(t, "0", b.Text(`select count(*)::text from bill where absent_since is not null or class = 'deleted'`))
	require.Equal(t, "1",
		b.Text(`select count(*)::text from condition where kind = 'permission_suspect' and end_time is null`))
	require.Equal(t, "complete true", b.Text(`select state || ' ' || (note <> '')::text from run
join run_comparison using (run_id)
order by run_id desc limit 1`))

	clear(b.Books.Hidden)
	b.resume()
	b.recheck()
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from condition where end_time is null`))
}

func TestSixDeletionsInOneReconcileAreHeld(t *testing.T) {
	b := setupRereading(t)
	b.deleting()
	for id := int64(1); id <= 8; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	for id := int64(1); id <= 6; id++ {
		delete(b.Books.Bills, id)
	}
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.reconcile()
	require.Contains(t, b.record(), "6 gone")
	require.Equal(t, "6 held many_deleted",
		b.Text(`select count(*) || ' ' || min(state) || ' ' || min(hold_reason) from cancellation_now`))
	require.Equal(t, "1",
		b.Text(`select count(*)::text from work_item where kind = 'many_deleted' and close_time is null`))
}

// A bill that was believed gone is shown again.
func TestADeletedBillThatIsSeenAgainIsWhatItIsSeenAs(t *testing.T) {
	b := threeLive(t)
	bill := b.Books.Bills[2]
	delete(b.Books.Bills, 2)
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "deleted", b.Text(`select class from bill where bill_id = 2`))
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Bills[2] = bill
	b.recheck()
	require.Equal(t, "live true",
		b.Text(`select class || ' ' || (absent_since is null and gone_time is null)::text from bill where bill_id = 2`))
	require.Equal(t, "withdrawn", b.Text(`select state from cancellation_now`))
}

// A run that finds nothing looks at a known bill: nothing changed, or nothing is shown?
func TestARunThatFindsNothingLooksAtAKnownBill(t *testing.T) {
	b := setupRereading(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(2 * time.Hour)
	b.Run()
	b.Clock = b.Clock.Add(time.Hour)
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`))
	b.Books.Hidden[1] = true
	b.Books.Asked = nil
	b.Clock = b.Clock.Add(30 * time.Second)
	b.Run()
	require.Empty(t, b.Books.Asked, "at most once a minute")
	b.Clock = b.Clock.Add(31 * time.Second)
	b.Run()
	require.Equal(t, "1",
		b.Text(`select count(*)::text from condition where kind = 'permission_suspect' and end_time is null`))
	require.Equal(t, "live", b.Text(`select class from bill`))
	b.Books.Hidden[1] = false
	b.Clock = b.Clock.Add(time.Second)
	b.Run()
	require.Equal(t, "1", b.Text(`select count(*)::text from condition where end_time is null`), "an act ends it")
	b.resume()
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from condition where end_time is null`))
}

// voidedThenDeleted is a scheme that acts on voids only. A1 was voided and deleted before its request left.
func voidedThenDeleted(t *testing.T) *rereading {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	b.Clock = b.Clock.Add(time.Minute)
	delete(b.Books.Bills, 1)
	require.Empty(t, b.Verify(), "nobody has said that it is gone")
	return b
}

// proveGone is what shows that missing bills are gone: absent twice, half an hour apart.
func (b *rereading) proveGone() {
	b.Helper()
	b.Clock = b.Clock.Add(time.Minute)
	b.Run()
	b.reconcile()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Run()
	b.reconcile()
	require.Equal(b, "deleted", b.Text(`select class from bill where bill_id = 1`))
}

// Its order used to stand for ever: nobody could read the bill any more.
func TestACancellationOwedForAVoidGoesOnOnceItsBillIsProvedGoneWhateverTheTriggers(t *testing.T) {
	b := voidedThenDeleted(t)
	b.proveGone()
	holds := b.Verify()
	require.Len(t, holds, 1)
	for _, v := range holds {
		require.Equal(t, rule.TriggerVoided, v.Trigger)
	}
	require.Equal(t, "open {voided} 1",
		b.Text(`select state || ' ' || triggers::text || ' ' || count(*) over () from cancellation_now`))
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item`))
}

// It had been given to a person, because it could not be read for long.
func TestWhatAPersonGotBecauseItWasUnreadGoesOnOnceItsVoidedBillIsProvedGone(t *testing.T) {
	b := voidedThenDeleted(t)
	_, err := b.Pool.Exec(t.Context(), `update unsettled_cancellation set unread_since = now() - interval '9 days'`)
	require.NoError(t, err)
	require.Empty(t, b.Verify())
	require.Equal(t, "needs_attention bill_unread",
		b.Text(`select state || ' ' || kind from cancellation_now join work_item using (cancellation_id)`))
	b.proveGone()
	require.Len(t, b.Verify(), 1)
	require.Equal(t, "0", b.Text(`select count(*)::text from work_item where close_time is null`))
}

// A restored bill that is deleted owes nothing for the void that was taken back.
func TestAVoidThatWasTakenBackIsNotOwedForTheDeletionThatFollows(t *testing.T) {
	b := setupRereading(t)
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Bills[1].CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED
	b.Books.UnAudit(1)
	b.Run()
	delete(b.Books.Bills, 1)
	b.proveGone()
	require.Equal(t, "withdrawn", b.Text(`select state from cancellation_now`))
}
