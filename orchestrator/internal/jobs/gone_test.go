package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

// deleting makes the scheme act on deletions.
func (b *rereading) deleting() {
	b.Helper()
	document := strings.Replace(string(scheme.ShippedDocument()), "triggers: [voided]", "triggers: [voided, deleted]", 1)
	schemes, err := scheme.Load([]byte(document), "deleting.yaml")
	require.NoError(b, err)
	revisions, err := b.store.SyncSchemes(b.Context(), []store.SchemeFile{{
		Scheme: schemes[0].Name, Title: "t", FormID: schemes[0].Form, DataCenterID: schemes[0].DataCenter, Accounts: schemes[0].Accounts(),
		IncrementalReal: time.Minute, IncrementalSandbox: time.Second, Hash: "deleting", Document: "d",
	}})
	require.NoError(b, err)
	b.p.registry = intake.NewRegistry(schemes, revisions)
}

// threeLive is a scheme that acts on deletions, with three bills of one organisation that were live for two hours.
func threeLive(t *testing.T) *rereading {
	b := setupRereading(t)
	b.deleting()
	for id := int64(1); id <= 3; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	return b
}

func TestADeletionNeedsTwoAbsencesAndKingdeesOwnWord(t *testing.T) {
	b := threeLive(t)
	delete(b.books.Bills, 2)
	b.recheck()
	b.reconcile()
	require.Equal(t, "live true", b.text(`select class || ' ' || (absent_since is not null)::text from bill where bill_id = 2`))
	require.Empty(t, b.books.Viewed, "missing for a moment only")
	b.clock = b.clock.Add(31 * time.Minute)
	b.run()
	b.reconcile()
	require.Contains(t, b.books.Viewed, int64(2))
	require.Equal(t, "deleted", b.text(`select class from bill where bill_id = 2`))
	require.Contains(t, b.record(), "1 gone")
	require.Equal(t, "open {deleted} 2", b.text(`select state || ' ' || triggers::text || ' ' || bill_id from cancellation_now`))
	require.Equal(t, "true", b.text(`select (verified_time < now() - interval '1 year')::text from cancellation_now`), "it is read again, by number too, before it is sent")
	b.reconcile()
	require.Equal(t, "1", b.text(`select count(*)::text from cancellation_now`))
}

func TestWithoutTheTriggerADeletedBillOwesNothing(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.run()
	b.clock = b.clock.Add(time.Hour)
	delete(b.books.Bills, 1)
	b.recheck()
	b.clock = b.clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "deleted", b.text(`select class from bill where bill_id = 1`))
	require.Equal(t, "0", b.text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "nothing_owed", b.text(`select verdict_code from reporting.bill_verdict where bill_no = 'A1'`))
}

// View knows it and the query does not show it: data permission.
func TestABillThatIsOnlyHiddenIsNotDeleted(t *testing.T) {
	b := threeLive(t)
	b.books.Hidden[2] = true
	b.recheck()
	b.clock = b.clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "live", b.text(`select class from bill where bill_id = 2`))
	require.Equal(t, "0", b.text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "100", b.text(`select subject from work_item where kind = 'permission_suspect' and close_time is null`))

	b.books.Hidden[2] = false
	b.recheck()
	require.Equal(t, "true", b.text(`select (absent_since is null)::text from bill where bill_id = 2`))
	b.reconcile()
	require.Equal(t, "0", b.text(`select count(*)::text from work_item where close_time is null`))
}

// A server that hides an organisation may say of its bills that there are none. Another organisation is shown as
// before.
func TestWithoutAReadableBillOfItsOrganisationNothingIsDeleted(t *testing.T) {
	b := threeLive(t)
	_, err := b.pool.Exec(t.Context(), `update bill set org = '200' where bill_id in (1, 2)`)
	require.NoError(t, err)
	b.books.HiddenSaysGone = true
	b.books.Hidden[1], b.books.Hidden[2] = true, true
	b.recheck()
	b.clock = b.clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "0", b.text(`select count(*)::text from bill where class = 'deleted'`))
	require.Equal(t, "0", b.text(`select count(*)::text from cancellation_now`))
	require.Equal(t, "200", b.text(`select subject from work_item where kind = 'permission_suspect' and close_time is null`))
}

// Nothing is shown at all: that is no proof of anything.
func TestAnEmptyAnswerIsNoProofOfAbsence(t *testing.T) {
	b := threeLive(t)
	for id := int64(1); id <= 3; id++ {
		b.books.Hidden[id] = true
	}
	b.recheck()
	b.reconcile()
	b.clock = b.clock.Add(31 * time.Minute)
	b.recheck()
	b.reconcile()
	require.Equal(t, "0", b.text(`select count(*)::text from bill where absent_since is not null or class = 'deleted'`))
	require.Equal(t, "1", b.text(`select count(*)::text from work_item where kind = 'permission_suspect' and close_time is null`))
	require.Equal(t, "complete true", b.text(`select state || ' ' || (note <> '')::text from run join run_comparison using (run_id) order by run_id desc limit 1`))

	clear(b.books.Hidden)
	b.recheck()
	b.run()
	require.Equal(t, "0", b.text(`select count(*)::text from work_item where close_time is null`), "it closes by itself")
}

func TestSixDeletionsInOneReconcileAreHeld(t *testing.T) {
	b := setupRereading(t)
	b.deleting()
	for id := int64(1); id <= 8; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	for id := int64(1); id <= 6; id++ {
		delete(b.books.Bills, id)
	}
	b.recheck()
	b.clock = b.clock.Add(31 * time.Minute)
	b.reconcile()
	require.Contains(t, b.record(), "6 gone")
	require.Equal(t, "6 held many_deleted", b.text(`select count(*) || ' ' || min(state) || ' ' || min(hold_reason) from cancellation_now`))
	require.Equal(t, "1", b.text(`select count(*)::text from work_item where kind = 'many_deleted' and close_time is null`))
}

// A bill that was believed gone is shown again.
func TestADeletedBillThatIsSeenAgainIsWhatItIsSeenAs(t *testing.T) {
	b := threeLive(t)
	bill := b.books.Bills[2]
	delete(b.books.Bills, 2)
	b.recheck()
	b.clock = b.clock.Add(31 * time.Minute)
	b.reconcile()
	require.Equal(t, "deleted", b.text(`select class from bill where bill_id = 2`))
	b.clock = b.clock.Add(time.Minute)
	b.books.Bills[2] = bill
	b.recheck()
	require.Equal(t, "live true", b.text(`select class || ' ' || (absent_since is null and gone_time is null)::text from bill where bill_id = 2`))
	require.Equal(t, "withdrawn", b.text(`select state from cancellation_now`))
}

// A run that finds nothing looks at a known bill: nothing changed, or nothing is shown?
func TestARunThatFindsNothingLooksAtAKnownBill(t *testing.T) {
	b := setupRereading(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.run()
	b.clock = b.clock.Add(time.Hour)
	b.run()
	require.Equal(t, "0", b.text(`select count(*)::text from work_item`))
	b.books.Hidden[1] = true
	b.books.Asked = nil
	b.clock = b.clock.Add(30 * time.Second)
	b.run()
	require.Empty(t, b.books.Asked, "at most once a minute")
	b.clock = b.clock.Add(31 * time.Second)
	b.run()
	require.Equal(t, "1", b.text(`select count(*)::text from work_item where kind = 'permission_suspect' and close_time is null`))
	require.Equal(t, "live", b.text(`select class from bill`))
	b.books.Hidden[1] = false
	b.clock = b.clock.Add(time.Second)
	b.run()
	require.Equal(t, "0", b.text(`select count(*)::text from work_item where close_time is null`))
}
