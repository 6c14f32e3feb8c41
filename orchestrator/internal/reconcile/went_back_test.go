package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

const (
	wentBack = `select coalesce(string_agg(kind || ' ' || coalesce(scheme, '') || data_center_id, ', '), '')
		from condition where end_time is null`
	cancelled = `select coalesce(string_agg(bill_id || ' ' || state || ' ' || hold_reason, ', ' order by bill_id), '')
		from cancellation_now`
)

// older keeps the books as they are, and answers how to put that copy in their place.
func (b *rereading) older() (restore func()) {
	copied := map[int64]*kingdeev1.Bill{}
	for id, bill := range b.Books.Bills {
		copied[id] = proto.CloneOf(bill)
	}
	return func() { b.Books.Bills = copied }
}

// restored is what a person does who knows to which time Kingdee was restored.
func (b *rereading) restored(to time.Time) {
	b.Helper()
	require.NoError(b, b.Acts().ResumeRestored(b.Context(), ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "restored last night",
	}, to))
}

// yesterday is a scheme that acts on deletions. Three bills were submitted, and a copy was made; then they were audited
// and two more were made. It answers when the copy was made, and how to put it in the place of the books.
func yesterday(t *testing.T) (b *rereading, copied time.Time, restore func()) {
	b = setupRereading(t)
	b.deleting()
	for id := int64(1); id <= 3; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
		b.Books.Bills[id].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_IN_APPROVAL
		b.Books.Bills[id].ApproveTime = nil
	}
	b.Run()
	copied, restore = b.Clock, b.older()
	b.Clock = b.Clock.Add(10 * time.Minute)
	for id := int64(1); id <= 3; id++ {
		b.Books.Audit(id)
	}
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Fresh(4, "A4", "CK001")
	b.Books.Bills[4].CreateTime = timestamppb.New(b.Clock)
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	require.Equal(t, "4", b.Text(`select count(*)::text from bill where class = 'live'`))
	return b, copied, restore
}

func TestThreeKnownBillsWhoseStampsWentBackAreKingdeeWentBack(t *testing.T) {
	b, _, restore := yesterday(t)
	restore()
	b.recheck()
	require.Equal(t, "kingdee_went_back 6040d4f5a1b2c3", b.Text(wentBack))
	require.Equal(t, "true", b.Text(`select (blocks_reading and blocks_sending and by_person)::text from condition`))
	require.Contains(t, b.Text(`select detail from condition`), "A1 ")
	require.Equal(t, "4", b.Text(`select count(*)::text from bill where class = 'live'`),
		"nothing of the older copy is believed")

	// An ordinary resume does not end it, and nothing is read.
	b.resume()
	b.Books.Asked = nil
	b.recheck()
	require.Empty(t, b.Books.Asked)
	require.Equal(t, "kingdee_went_back 6040d4f5a1b2c3", b.Text(wentBack))
}

func TestTwoBillsWhoseStampsWentBackAreNoOlderKingdee(t *testing.T) {
	b, _, restore := yesterday(t)
	third, fourth := b.Books.Bills[3], b.Books.Bills[4]
	restore()
	b.Books.Bills[3], b.Books.Bills[4] = third, fourth
	b.recheck()
	require.Empty(t, b.Text(wentBack))
	require.Equal(t, "2", b.Text(`select count(*)::text from bill where class = 'live'`))
}

// The application server that three bills are voided and un-audited on is two hours late.
func TestStampsOfALaggingServerAreNoOlderKingdee(t *testing.T) {
	b, _, _ := yesterday(t)
	late := timestamppb.New(b.Clock.Add(-2 * time.Hour))
	b.Books.Void(1)
	b.Books.Void(2)
	b.Books.UnAudit(3)
	b.Books.UnAudit(4)
	for id := int64(1); id <= 4; id++ {
		b.Books.Bills[id].ModifyTime = late
	}
	b.recheck()
	require.Empty(t, b.Text(wentBack))
	require.Equal(t, "1 open , 2 open ", b.Text(cancelled))
}

func TestWhatHappenedSinceKingdeeWasRestoredIsReadAgain(t *testing.T) {
	b, copied, restore := yesterday(t)
	restore()
	b.recheck()
	require.Equal(t, "kingdee_went_back 6040d4f5a1b2c3", b.Text(wentBack))
	var ahead *ledger.WatermarkError
	require.ErrorAs(t, b.Acts().ResumeRestored(t.Context(), ledger.Act{
		Scheme: "assembly-void", Actor: "li", Reason: "a typing error",
	}, time.Now().Add(time.Hour)), &ahead)
	require.Equal(t, "kingdee_went_back 6040d4f5a1b2c3", b.Text(wentBack))

	b.restored(copied)
	require.Empty(t, b.Text(wentBack))
	require.Equal(t, copied.UTC().Format(time.RFC3339)+" li restored last night",
		b.Text(`select to_char(watermark_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' ' || actor || ' '
			|| reason from watermark_change`))
	require.Equal(t, "true", b.Text(`select (parameters->>'kingdee_restored_to' is not null)::text
		from operator_action where verb = 'resume'`))
	b.Run()
	b.recheck()
	require.Empty(t, b.Text(wentBack), "what was known before counts no longer as newer")
	require.Equal(t, "0", b.Text(`select count(*)::text from bill where bill_id <= 3 and document_status <> 'B'`))
}

// A bill made after the copy is missing in it, for as long as a deletion takes to be proved.
func TestAnOlderKingdeeCancelsNothing(t *testing.T) {
	b, _, restore := yesterday(t)
	restore()
	b.recheck()
	b.reconcile()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.recheck()
	b.reconcile()
	require.Equal(t, "kingdee_went_back 6040d4f5a1b2c3", b.Text(wentBack))
	require.Empty(t, b.Text(cancelled))
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 4`))
}

func TestABillMadeAfterTheCopyIsHeldOnceKingdeeIsRestored(t *testing.T) {
	b, copied, restore := yesterday(t)
	restore()
	b.recheck()
	b.restored(copied)
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Books.Fresh(5, "A5", "CK001")
	b.Run()
	b.reconcile()
	require.Equal(t, "4 held many_deleted", b.Text(cancelled))
	require.Equal(t, "1 bills, made after the time to which Kingdee was restored",
		b.Text(`select detail from work_item where close_time is null`))
}

// Nothing known went back, since nothing else happened after the copy was made.
func TestTheNewestBillsMissingTogetherAreHeld(t *testing.T) {
	b := threeLive(t)
	restore := b.older()
	for id := int64(4); id <= 6; id++ {
		b.Books.Fresh(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	restore()
	b.recheck()
	b.Clock = b.Clock.Add(31 * time.Minute)
	b.Run()
	b.reconcile()
	require.Empty(t, b.Text(cancelled), "no bill was made after them yet")
	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Fresh(7, "A7", "CK001")
	b.Run()
	b.reconcile()
	require.Empty(t, b.Text(wentBack))
	require.Equal(t, "4 held many_deleted, 5 held many_deleted, 6 held many_deleted", b.Text(cancelled))
	require.Equal(t, "3 bills, all of the newest are missing",
		b.Text(`select detail from work_item where close_time is null`))
}
