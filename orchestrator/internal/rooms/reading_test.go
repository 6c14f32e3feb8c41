package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// The baseline has read one bill so far. Its verdict is of that read; whether there are others of the number nobody
// knows.
func TestBeforeTheBaselineIsCompleteABillSaysThatOthersMayBeMissing(t *testing.T) {
	t.Parallel()
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{NoWatermark: true})
	rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	bills, err := s.BillViews(t.Context(), "A1", "")
	require.NoError(t, err)
	require.Equal(t, "无需取消", bills[0].Verdict)
	require.Equal(t, "现在不知道：基线尚未完成，其他单据可能还没有读到。本单：单据有效，未作废", bills[0].Reason)
	require.Equal(t, bills[0].ReadTime, bills[0].AsOf)
	readings, err := s.Readings(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "现在不知道：基线尚未完成", readings[0].Standing)
	require.Zero(t, readings[0].AsOf)
}

// Nobody opened a condition: every orchestrator was dead.
func TestReadingStandsStillWhoeverAsksAndWhenNobodyReads(t *testing.T) {
	t.Parallel()
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "fresh", NoWatermark: true})
	rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 2, No: "A2"})
	rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "A2", State: "open"})
	rows.Work(rowtest.Work{Kind: "too_late", BillID: 2, BillNo: "A2"})
	lists := func() string {
		return rows.Text(`
select string_agg(concat_ws(' ', reading_stands_still, left(standing, 5), now() - as_of < interval '6 minutes'), ', ')
from (select as_of, reading_stands_still, standing from reporting.cancellation_outcome
      union all select as_of, reading_stands_still, standing from reporting.work_item) lists`)
	}
	lastRun := func(ago string) {
		rows.Exec(`update voidrelay.watermark set last_run_time = now() - $1::interval`, ago)
	}
	lastRun("4 minutes 50 seconds") // an interval is a minute
	bills, err := s.BillViews(t.Context(), "A1", "")
	require.NoError(t, err)
	require.Equal(t, "无需取消 单据有效，未作废", bills[0].Verdict+" "+bills[0].Reason)
	require.WithinDuration(t, time.Now().Add(-290*time.Second), bills[0].AsOf, 10*time.Second)
	require.Equal(t, "f  t, f  t", lists())

	lastRun("5 minutes 1 second")
	bills, err = s.BillViews(t.Context(), "A1", "")
	require.NoError(t, err)
	require.Equal(t, "现在不知道，此前：无需取消", bills[0].Verdict)
	require.Regexp(t, `^现在不知道：[-0-9: ]+ 之后没有读到（超过五个周期没有完成一次读取）。此前：单据有效，未作废$`, bills[0].Reason)
	require.True(t, bills[0].ReadingStandsStill)
	require.Equal(t, "t 现在不知道 t, t 现在不知道 t", lists())
	readings, err := s.Readings(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, readings, 2)
	require.True(t, readings[0].StandsStill)
	require.Equal(t, readings[0].AsOf, readings[0].StandsStillSince)
	require.True(t, readings[1].Unread(), "the baseline is not complete: what is not there may be there all the same")
	require.False(t, readings[1].StandsStill)

	lastRun("1 second")
	away := rows.Condition(rowtest.Condition{
		Kind: "kingdee_away", DataCenterID: "dc-1", Detail: `Post "http://kingdee/K3Cloud": refused`,
	})
	readings, err = s.Readings(t.Context(), rowtest.SchemeName)
	require.NoError(t, err)
	require.Contains(t, readings[0].Standing, "金蝶没有应答")
	require.Contains(t, readings[0].StandingEN, "Kingdee does not answer")
	require.NotContains(t, readings[0].Standing+readings[0].StandingEN, "http", "no verdict carries what was met")
	require.Equal(t, rowtest.Now, readings[0].StandsStillSince.UTC(), "since the condition")
	rows.EndCondition(away)
	for _, other := range []rowtest.Condition{
		{Kind: "kingdee_away", DataCenterID: "dc-2"}, {Kind: "wms_away", Account: "default"},
		{Kind: "adapter_away", Host: "wms-02", Reason: "kingdee"}, {Kind: "paused", Scheme: rowtest.SchemeName},
	} {
		rows.Condition(other)
		readings, err = s.Readings(t.Context(), rowtest.SchemeName)
		require.NoError(t, err)
		require.False(t, readings[0].StandsStill, "%s keeps nobody from reading this scheme", other.Kind)
	}
}
