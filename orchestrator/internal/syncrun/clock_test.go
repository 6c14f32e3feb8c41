package syncrun_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// Somebody changed KINGDEE_TIME_ZONE. Every stamp that the ledger knew differed by hours, so each bill of the overlap
// began a new life, and voided ones were owed once more.
func TestAnotherZoneStopsTheSchemeBeforeAnythingIsRead(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "1", b.Text(`select count(*)::text from cancellation_now`))

	b.Books.Zone, b.Books.Offset = "UTC", 0
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Bills[1].CancelTime = nil
	b.Run()
	require.Equal(t, "TIME_ZONE_DIFFERS", b.Text(`select reason from condition where end_time is null`))
	require.Equal(t, "1 1", b.Text(`select count(*) || ' ' || (select generation from bill) from cancellation_now`))
	require.Equal(t, "times were read in Asia/Shanghai so far, now in UTC",
		b.Text(`select detail from condition where end_time is null`))

	// The person knows better: the first zone was wrong.
	require.NoError(t, b.Acts().Resume(t.Context(),
		ledger.Act{Scheme: "assembly-void", Actor: "wang", Reason: "was wrong"}))
	b.Run()
	require.Equal(t, "0 UTC", b.Text(`
select count(*) || ' ' || (select time_zone from watermark) from condition where end_time is null`))
}

// The server's answer carries no Date, or one that a cache has aged: the watermark follows our own clock and keeps its
// distance.
func TestWithoutTheVendorsClockTheWatermarkKeepsItsDistance(t *testing.T) {
	b := runtest.New(t)
	b.Run()
	b.Clock = b.Clock.Add(time.Hour)
	b.Books.Note = "no Date header"
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	want := b.Clock.Add(-10*time.Minute - 30*time.Second)
	require.Equal(t, "true", b.Text(`select (watermark_time = '`+want.Format(time.RFC3339)+`')::text from watermark`))
	require.Equal(t, "no Date header",
		b.Text(`select note from run join run_reading using (run_id) order by run_id desc limit 1`), "the run says why")

	// The next one has a Date again: the watermark goes on, and what lay in between is read.
	b.Books.Note = ""
	b.Clock = b.Clock.Add(time.Second)
	b.Books.Void(1)
	b.Run()
	require.Equal(t, "open", b.Text(`select state from cancellation_now`))
	require.Equal(t, "true", b.Text(`select (watermark_time > '`+want.Format(time.RFC3339)+`')::text from watermark`))
}

// A Date behind the one before it (another node of the vendor's, a clock set back) does not take the watermark back.
func TestTheWatermarkNeverGoesBack(t *testing.T) {
	b := runtest.New(t)
	b.Run()
	b.Clock = b.Clock.Add(time.Hour)
	b.Run()
	before := b.Text(`select watermark_time::text from watermark`)
	b.Clock = b.Clock.Add(-20 * time.Minute)
	b.Run()
	require.Equal(t, before, b.Text(`select watermark_time::text from watermark`))
}

// The adapter passes an impossible date on as unset. When the void happened is not known then, so a person decides.
func TestAVoidWithoutADateIsHeldForAPersonAndNeverBeforeTheCutover(t *testing.T) {
	b := setupLiving(t)
	b.Run()
	b.Clock = b.Clock.Add(time.Minute)
	b.Books.Fresh(1, "A1", "CK001")
	b.Books.Void(1)
	b.Books.Bills[1].CancelTime = nil
	b.Run()
	require.Equal(t, "voided held no_event_time", b.Text(
		`select class || ' ' || state || ' ' || hold_reason from bill join cancellation_now using (bill_id)`))
	require.Equal(t, "no_event_time A1",
		b.Text(`select kind || ' ' || bill_no from work_item where close_time is null`))
}

// The baseline owes nothing, and what it finds voided was voided before it came; but a bill that changed since then may
// have been voided since.
func TestAVoidWithoutADateThatHappenedDuringTheBaselineIsHeldByTheRunAfterIt(t *testing.T) {
	b := setupLiving(t)
	b.Books.Live(1, "A1", "CK001")
	b.Books.Live(2, "A2", "CK001")
	b.Books.Void(1)
	b.Books.Bills[1].ModifyTime = b.Books.Bills[1].GetCreateTime()
	b.Books.Void(2)
	b.Books.Bills[1].CancelTime, b.Books.Bills[2].CancelTime = nil, nil
	b.Run()
	require.Equal(t, "1 before_cutover", b.Text(`select string_agg(bill_id || ' ' || class, ', ') from bill`))
	require.Equal(t, "无需取消: 没有作废时间，其他日期均早于方案启用时间",
		b.Text(`select verdict || ': ' || reason from reporting.bill_verdict where bill_no = 'A1'`))
	b.Clock = b.Clock.Add(time.Minute)
	b.Run()
	require.Equal(t, "2 held no_event_time",
		b.Text(`select bill_id || ' ' || state || ' ' || hold_reason from cancellation_now`))
}
