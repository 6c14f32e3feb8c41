package jobs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Somebody changed KINGDEE_TIME_ZONE. Every stamp that the ledger knew differed by hours, so each bill of the overlap
// began a new life, and voided ones were owed once more.
func TestAnotherZoneStopsTheSchemeBeforeAnythingIsRead(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	b.clock = b.clock.Add(time.Minute)
	b.books.Void(1)
	b.run()
	require.Equal(t, "1", b.text(`select count(*)::text from cancellation_now`))

	b.books.Zone, b.books.Offset = "UTC", 0
	b.clock = b.clock.Add(time.Minute)
	b.books.Bills[1].CancelTime = nil
	b.run()
	require.Equal(t, "stopped TIME_ZONE_DIFFERS", b.text(`select state || ' ' || stop_reason from scheme`))
	require.Equal(t, "1 1", b.text(`select count(*) || ' ' || (select generation from bill) from cancellation_now`))
	require.Equal(t, "times were read in Asia/Shanghai so far, now in UTC", b.text(`select detail from work_item where close_time is null`))

	// The person knows better: the first zone was wrong.
	require.NoError(t, b.acts().Resume(t.Context(), ledger.Act{Scheme: "assembly-void", Actor: "wang", Reason: "was wrong"}))
	b.run()
	require.Equal(t, "running UTC", b.text(`select state || ' ' || (select time_zone from watermark) from scheme`))
}

// The server's answer carries no Date, or one that a cache has aged: the watermark follows our own clock and keeps its
// distance.
func TestWithoutTheVendorsClockTheWatermarkKeepsItsDistance(t *testing.T) {
	b := setup(t)
	b.run()
	b.clock = b.clock.Add(time.Hour)
	b.books.Note = "no Date header"
	b.books.Live(1, "A1", "CK001")
	b.run()
	want := b.clock.Add(-10*time.Minute - 30*time.Second)
	require.Equal(t, "true", b.text(`select (watermark_time = '`+want.Format(time.RFC3339)+`')::text from watermark`))
	require.Equal(t, "no Date header", b.text(`select note from run join run_reading using (run_id) order by run_id desc limit 1`), "the run says why")

	// The next one has a Date again: the watermark goes on, and what lay in between is read.
	b.books.Note = ""
	b.clock = b.clock.Add(time.Second)
	b.books.Void(1)
	b.run()
	require.Equal(t, "open", b.text(`select state from cancellation_now`))
	require.Equal(t, "true", b.text(`select (watermark_time > '`+want.Format(time.RFC3339)+`')::text from watermark`))
}

// A Date behind the one before it (another node of the vendor's, a clock set back) does not take the watermark back.
func TestTheWatermarkNeverGoesBack(t *testing.T) {
	b := setup(t)
	b.run()
	b.clock = b.clock.Add(time.Hour)
	b.run()
	before := b.text(`select watermark_time::text from watermark`)
	b.clock = b.clock.Add(-20 * time.Minute)
	b.run()
	require.Equal(t, before, b.text(`select watermark_time::text from watermark`))
}
