package reconcile_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// late un-audits a bill on an application server whose clock is so far behind.
func (b *rereading) late(lag time.Duration, ids ...int64) {
	for _, id := range ids {
		b.Books.Bills[id].DocumentStatus = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT
		b.Books.Bills[id].ModifyTime = timestamppb.New(b.Clock.Add(-lag))
	}
}

// goOn lets runs follow each other for a while.
func (b *rereading) goOn(d time.Duration) {
	b.Helper()
	b.Later(d)
	b.Run()
	b.Later(time.Minute)
	b.Run()
}

// behind begins with so many bills that were audited long ago.
func behind(t *testing.T, bills int64) *rereading {
	t.Helper()
	b := setupRereading(t)
	for id := int64(1); id <= bills; id++ {
		b.Books.Live(id, fmt.Sprint("A", id), "CK001")
	}
	b.Run()
	b.goOn(90 * time.Minute)
	return b
}

const openConditions = `
select coalesce(string_agg(kind || ' ' || detail, ', '), '') from condition where end_time is null`

func TestThreeBillsWhoseStampMovedBelowEveryEdgeAreClockBehind(t *testing.T) {
	b := behind(t, 6)
	b.late(45*time.Minute, 1, 2)
	b.Run()
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 1`), "no run reads that far down")
	b.recheck()
	require.Equal(t, "un_audited", b.Text(`select class from bill where bill_id = 1`))
	require.Empty(t, b.Text(openConditions), "two")

	b.Later(11 * time.Minute)
	b.Run()
	b.late(45*time.Minute, 3)
	b.recheck()
	require.Equal(t, "clock_behind stamps lag behind by up to 45m0s", b.Text(openConditions))
	require.Equal(t, "false", b.Text(`select (blocks_reading or blocks_sending)::text from condition`))

	// The overlap is as wide as that now: a run sees the next one.
	b.late(40*time.Minute, 4)
	before := b.Text(`select last_seen::text from condition`)
	_, err := b.Pool.Exec(t.Context(), `update condition set last_seen = last_seen - interval '23 hours'`)
	require.NoError(t, err)
	b.Run()
	require.Equal(t, "un_audited", b.Text(`select class from bill where bill_id = 4`))
	require.Equal(t, "true", b.Text(`select (last_seen >= '`+before+`')::text from condition`), "it lasts")
	require.NoError(t, b.Store.TellBehind(t.Context()))
	require.NotEmpty(t, b.Text(openConditions))

	// A day without one.
	_, err = b.Pool.Exec(t.Context(), `update condition set last_seen = last_seen - interval '25 hours'`)
	require.NoError(t, err)
	require.NoError(t, b.Store.TellBehind(t.Context()))
	require.Equal(t, "0",
		b.Text(`select count(*)::text from condition where kind = 'clock_behind' and end_time is null`))
	b.late(40*time.Minute, 5)
	b.Run()
	require.Equal(t, "live", b.Text(`select class from bill where bill_id = 5`), "the overlap is what it was")
}

// An un-audit that moves no date, and one that a run reads in its overlap, say nothing of clocks.
func TestWhatNoDateTellsIsNotClockBehind(t *testing.T) {
	b := behind(t, 6)
	b.unAudit(1)
	b.unAudit(2)
	b.unAudit(3)
	b.late(5*time.Minute, 4, 5, 6)
	b.recheck()
	require.Equal(t, "6", b.Text(`select count(*)::text from bill where class = 'un_audited'`))
	require.Empty(t, b.Text(openConditions))
}

func TestReconcileThatRepairsThreeTimesInARowIsTold(t *testing.T) {
	b := behind(t, 1)
	const told = `select count(*)::text from work_item where kind = 'runs_miss_changes' and close_time is null`
	for id := int64(11); id <= 13; id++ {
		require.Equal(t, "0", b.Text(told))
		b.goOn(time.Hour)
		b.Books.Live(id, fmt.Sprint("A", id), "CK001") // its stamp is an hour old
		b.reconcile()
		require.Equal(t, "live", b.Text(fmt.Sprint(`select class from bill where bill_id = `, id)))
	}
	require.Equal(t, "1", b.Text(told))
	b.goOn(time.Hour)
	b.reconcile()
	require.Equal(t, "0", b.Text(told), "it closes with the first one that missed nothing")
}
