package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// A baseline stores a bill live and does not end (a later page stops the scheme, or a process dies); the scheme file is
// corrected (a new revision), and the baseline begins anew an hour later. In between the bill was voided.
func TestABillSeenLiveByAFailedBaselineAndVoidedIsOwed(t *testing.T) {
	b := setup(t)
	b.books.Page = 1
	b.books.Live(1, "A1", "CK001")
	b.books.Live(2, "A2", "CK001")
	b.books.Bills[2].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_UNSPECIFIED
	// The second page never comes: the stream breaks, so page 1 is committed and the baseline stays unfinished.
	broken := &brokenAfter{Books: b.books, pages: 2}
	b.p.kingdee = broken
	b.run()
	require.Equal(t, "1 live", b.text(`select count(*) || ' ' || min(class) from bill`))

	b.clock = b.clock.Add(20 * time.Minute)
	b.books.Void(1)
	b.clock = b.clock.Add(40 * time.Minute)
	delete(b.books.Bills, 2)
	b.load("h2")
	b.run()
	for range 3 {
		b.clock = b.clock.Add(10 * time.Second)
		b.run()
	}
	t.Log(b.text(`select string_agg(kind || ' ' || state || ' ' || lower_edge::text, '; ' order by run_id) from run join run_reading using (run_id)`))
	require.Equal(t, "voided", b.text(`select class from bill where bill_id = 1`), "for the ledger it is live for ever")
	require.Equal(t, "1", b.text(`select count(*)::text from cancellation_now`), "the cancellation is lost: no outcome, no reason, no work item")
}

// One of two kingdeesvc replicas is logged in to another data centre. Whole reads land there.
func TestAWholeReadFromOtherBooksStopsTheScheme(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.books.WholeCenter = "another-data-centre"
	b.clock = b.clock.Add(time.Minute)
	b.books.Void(1)
	b.run()
	require.Equal(t, "stopped", b.text(`select state from scheme`))
	require.Equal(t, "0", b.text(`select count(*)::text from cancellation_now`))
}

// A stamp lies three minutes ahead during a baseline of several pages; ten minutes later nothing is odd any more.
func TestABaselineEndsOnceNoClockIsSuspect(t *testing.T) {
	b := setup(t)
	b.books.Page = 1
	for id := int64(1); id <= 3; id++ {
		b.books.Live(id, "A", "CK001")
	}
	b.books.Bills[1].ModifyTime = timestamppb.New(b.clock.Add(3 * time.Minute))
	b.run()
	for range 5 {
		b.clock = b.clock.Add(10 * time.Minute)
		b.run()
	}
	t.Log(b.text(`select string_agg(state || ' suspect=' || clock_suspect, '; ') from run join run_reading using (run_id)`))
	require.Equal(t, "1", b.text(`select count(*)::text from watermark`), "the scheme can never start")
}

// An incremental run with a stamp far ahead: the watermark stands still. Somebody must be told.
func TestAWatermarkThatStandsStillIsTold(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(time.Minute)
	b.books.Live(2, "A2", "CK001")
	b.books.Bills[2].ModifyTime = timestamppb.New(b.clock.AddDate(1, 0, 0))
	b.run()
	before := b.text(`select watermark_time::text from watermark`)
	for range 50 {
		b.clock = b.clock.Add(2 * time.Minute)
		b.run()
	}
	require.Equal(t, before, b.text(`select watermark_time::text from watermark`))
	require.Equal(t, "1", b.text(`select count(*)::text from work_item where kind = 'clock_suspect' and close_time is null`), "50 incremental runs and no word to anybody")
}

// A light page may hold 2,000 changed bills. A vendor that cannot show them all in one job's time must delay a run, not
// keep it from ever getting on.
func TestASlowVendorStillMakesProgress(t *testing.T) {
	b := setup(t)
	b.books.Page = 2000
	for id := int64(1); id <= 1000; id++ {
		b.books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	vendor := &tiring{Books: b.books}
	b.p.kingdee = vendor
	for _, want := range []string{"400", "800", "1000"} {
		vendor.left = 2
		b.run()
		require.Equal(t, want, b.text(`select count(*)::text from bill`))
	}
	require.Equal(t, "1", b.text(`select count(*)::text from watermark`))
	require.Equal(t, "1", b.text(`select count(*)::text from run join run_reading using (run_id) where state = 'complete'`))
}

// A fresh read saw the bill restored, and a lagging replica or a second void under the same date-only stamp shows it
// voided as before.
func TestAWithdrawnCancellationIsLookedAtAgainOutsideTheOverlap(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(time.Minute)
	b.books.Void(1)
	b.run()
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	due, err := b.store.Load(t.Context(), []int64{1})
	require.NoError(t, err)
	require.NoError(t, b.store.StoreVerified(t.Context(), "assembly-void", verifiedAs(due[0].ID, rule.NoTrigger, b.clock), time.Second, time.Hour))
	require.Equal(t, "withdrawn", b.text(`select state from cancellation_now`))
	b.clock = b.clock.Add(2 * time.Hour)
	b.run()
	require.Equal(t, "open", b.text(`select state from cancellation_now`), "its trigger still holds, whatever its dates say")
}

// What could not be decoded is read again when it can be, also long after the overlap.
func TestABillThatCouldNotBeDecodedIsReadAgain(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(time.Minute)
	b.books.Void(1)
	b.books.Bills[1].AffairType = kingdeev1.AffairType_AFFAIR_TYPE_UNSPECIFIED
	b.run()
	require.Equal(t, "undecodable", b.text(`select class from bill`))
	b.clock = b.clock.Add(2 * time.Hour)
	b.books.Bills[1].AffairType = kingdeev1.AffairType_AFFAIR_TYPE_ASSEMBLY
	_, err := b.pool.Exec(t.Context(), `update bill set reread_time = now()`)
	require.NoError(t, err)
	b.run()
	require.Equal(t, "voided", b.text(`select class from bill`))
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	require.Equal(t, "0", b.text(`select count(*)::text from work_item where close_time is null`))
}

func verifiedAs(id int64, outcome rule.Verification, at time.Time) []ledger.Verified {
	return []ledger.Verified{{ID: id, Outcome: outcome, ReadTime: at}}
}
