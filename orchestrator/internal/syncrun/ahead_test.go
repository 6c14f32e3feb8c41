package syncrun_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// stamped are live bills whose modify date lies so far ahead of Kingdee's clock.
func stamped(b *runtest.Bench, ahead time.Duration, ids ...int64) {
	for _, id := range ids {
		b.Books.Fresh(id, fmt.Sprint("A", id), "CK001")
		b.Books.Bills[id].ModifyTime = timestamppb.New(b.Clock.Add(ahead))
	}
}

const (
	watermarkTime = `select watermark_time::text from watermark`
	toldAhead     = `select coalesce(string_agg(bill_no, ' '), '') from work_item
where kind = 'stamp_ahead' and close_time is null`
	isAhead = `select (count(*) > 0)::text from condition where kind = 'clock_ahead' and end_time is null`
)

// Three stamps lie three minutes ahead during a baseline of several pages; ten minutes later nothing is odd any more.
func TestABaselineEndsOnceNoClockIsSuspect(t *testing.T) {
	b := runtest.New(t)
	b.Books.Page = 1
	stamped(b, 3*time.Minute, 1, 2, 3)
	b.Run()
	require.Equal(t, "0", b.Text(`select count(*)::text from watermark`))
	require.Equal(t, "true", b.Text(isAhead))
	for range 5 {
		b.Clock = b.Clock.Add(10 * time.Minute)
		b.Run()
	}
	require.Equal(t, "1", b.Text(`select count(*)::text from watermark`), "the scheme can never start")
}

// One bill carries a stamp a year ahead, because the clock was wrong once.
func TestOneBillsAbsurdStampIsThatBillsWorkItemAndStopsNobody(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	stamped(b, 365*24*time.Hour, 2)
	b.Run()
	before := b.Text(watermarkTime)
	for range 50 {
		b.Later(2 * time.Minute)
		b.Run()
	}
	require.NotEqual(t, before, b.Text(watermarkTime), "the watermark goes on")
	require.Equal(t, "A2", b.Text(toldAhead), "it is told once")
	require.Equal(t, "1", b.Text(`select count(*)::text from work_item where kind = 'stamp_ahead'`))
	require.Equal(t, "false", b.Text(isAhead))
	b.Later(time.Minute)
	b.Books.Void(2)
	b.Run()
	require.Equal(t, "voided", b.Text(`select class from bill where bill_id = 2`))
}

func TestManyFreshStampsAheadAreClockAhead(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	stamped(b, 365*24*time.Hour, 2)
	b.Run()
	b.Later(2 * time.Hour) // that one is an old one by now
	b.Run()
	before := b.Text(watermarkTime)
	b.Later(time.Minute)
	stamped(b, time.Hour, 3, 4)
	b.Run()
	require.NotEqual(t, before, b.Text(watermarkTime), "two more are none of the clock's")
	require.Equal(t, "A2 A3 A4", b.Text(toldAhead))

	before = b.Text(watermarkTime)
	b.Later(time.Minute)
	stamped(b, time.Hour, 5)
	b.Run()
	require.Equal(t, "true", b.Text(isAhead), "the item of the first hides nothing")
	require.Equal(t, before, b.Text(watermarkTime))
	require.Equal(t, "5 live", b.Text(`select count(*) || ' ' || min(class) from bill`), "pages are read all the same")
	require.Contains(t, b.Text(`select detail from condition where end_time is null`), "A3, A4, A5")

	// Nothing new comes: the stamps are old ones after an hour, and it ends by itself.
	b.Later(3 * time.Hour)
	b.Run()
	_, err := b.Pool.Exec(t.Context(), `update condition set last_seen = last_seen - interval '10 minutes'`)
	require.NoError(t, err)
	b.Later(time.Minute)
	b.Run()
	require.Equal(t, "false", b.Text(isAhead))
	b.Later(time.Minute)
	b.Run()
	require.NotEqual(t, before, b.Text(watermarkTime))
}

// The failure: the clock had been put right, and the watermark stood still for another hour.
func TestClockAheadEndsWithTheFirstBillThatFitsAgain(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	b.Later(time.Minute)
	stamped(b, time.Hour, 2, 3, 4)
	b.Run()
	require.Equal(t, "true", b.Text(isAhead))
	b.Later(time.Minute)
	stamped(b, time.Hour, 5)
	stamped(b, 0, 6)
	b.Run()
	require.Equal(t, "true", b.Text(isAhead), "only one of two servers is right")

	b.Later(time.Minute)
	stamped(b, 0, 7)
	old := timestamppb.New(b.Clock.Add(-11 * time.Minute))
	b.Books.Bills[7].CreateTime, b.Books.Bills[7].ApproveTime, b.Books.Bills[7].ModifyTime = old, old, old
	b.Run()
	require.Equal(t, "true", b.Text(isAhead), "an old stamp says nothing")
	before := b.Text(watermarkTime)
	b.Later(time.Minute)
	stamped(b, 0, 8)
	b.Run()
	require.Equal(t, "false", b.Text(isAhead))
	for range 3 {
		b.Later(time.Minute)
		b.Run()
		require.Equal(t, "false", b.Text(isAhead), "what came before says nothing any more")
		require.NotEqual(t, before, b.Text(watermarkTime))
		before = b.Text(watermarkTime)
	}
	b.Later(time.Minute)
	stamped(b, time.Hour, 9, 10, 11)
	b.Run()
	require.Equal(t, "true", b.Text(isAhead), "it is wrong once more")
	require.Equal(t, "1", b.Text(`select count(*)::text from condition`), "within ten minutes it is the same row")
}
