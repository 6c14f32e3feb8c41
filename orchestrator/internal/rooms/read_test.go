package rooms_test

import (
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestCancellationsAreFoundByEveryPartOfTheFilter(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	at := rowtest.Now
	rows.Cancellation(rowtest.Cancellation{BillNo: "a", Created: at})
	rows.Cancellation(rowtest.Cancellation{BillNo: "b", Warehouse: "WH02", State: "done", Created: at.Add(time.Second)})
	rows.Cancellation(rowtest.Cancellation{
		BillNo: "b", Warehouse: "WH03", State: "needs_attention", Created: at.Add(2 * time.Second),
	})
	rows.Cancellation(rowtest.Cancellation{BillNo: "b", Scheme: "other", Created: at.Add(3 * time.Second)})
	for name, c := range map[string]struct {
		filter ledger.CancellationFilter
		before int64
		limit  int
		want   []int64
	}{
		"all, newest first": {want: []int64{4, 3, 2, 1}},
		"scheme":            {filter: ledger.CancellationFilter{Scheme: "other"}, want: []int64{4}},
		"states": {
			filter: ledger.CancellationFilter{States: []string{"done", "needs_attention"}}, want: []int64{3, 2},
		},
		"bill": {
			filter: ledger.CancellationFilter{BillNo: "b", Scheme: rowtest.SchemeName}, want: []int64{3, 2},
		},
		"warehouse": {filter: ledger.CancellationFilter{WarehouseCode: "WH01"}, want: []int64{4, 1}},
		"from is inclusive, to is not": {
			filter: ledger.CancellationFilter{CreatedFrom: at.Add(time.Second), CreatedTo: at.Add(3 * time.Second)},
			want:   []int64{3, 2},
		},
		"a page":   {before: 4, limit: 2, want: []int64{3, 2}},
		"no match": {filter: ledger.CancellationFilter{BillNo: "' or true --"}, want: []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.limit == 0 {
				c.limit = 10
			}
			found, err := s.CancellationViews(t.Context(), c.filter,
				ledger.CancellationPage{After: c.before, Limit: c.limit})
			require.NoError(t, err)
			ids := make([]int64, len(found))
			for i, v := range found {
				ids[i] = v.CancellationID
			}
			require.Equal(t, c.want, ids)
		})
	}
}

func TestEvidenceIsTextWhateverTheBytes(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	id := rows.Cancellation(rowtest.Cancellation{Attempt: 3})
	rows.Attempt(rowtest.Attempt{
		CancellationID: id, Attempt: 1, Disposition: "rejected",
		Request: []byte("<取消/>"), Reply: []byte("a\x00\xff\xfeb"),
	})
	rows.Attempt(rowtest.Attempt{CancellationID: id, Attempt: 2, Disposition: "unknown"})
	rows.Attempt(rowtest.Attempt{CancellationID: id, Attempt: 3})
	attempts, err := s.AttemptViews(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, attempts, 3)
	require.Equal(t, []string{"<取消/>", "a\uFFFD\uFFFDb"}, []string{attempts[0].Request, attempts[0].Reply})
	require.Empty(t, attempts[1].Reply, "evidence is dropped after a while, the attempt stays")
	require.True(t, attempts[2].ResultTime.IsZero(), "in flight")
}

func TestADatabaseThatIsAwayIsToldFromAFault(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	pool, err := pgxpool.New(t.Context(), "postgres://u:p@"+listener.Addr().String()+"/db")
	require.NoError(t, err)
	defer pool.Close()
	s := rooms.New(pool)
	_, err = s.SchemeViews(t.Context(), "", 1)
	require.ErrorIs(t, err, ledger.ErrUnavailable)
	_, err = acttest.New(pool).SetMode(t.Context(), act(""), true)
	require.ErrorIs(t, err, ledger.ErrUnavailable)

	known, there := openStore(t)
	rowtest.New(t, there).Exec(`drop view reporting.bill_verdict`)
	_, err = known.BillViews(t.Context(), "a", "")
	require.Error(t, err)
	require.NotErrorIs(t, err, ledger.ErrUnavailable)
}

func TestTheHistoryOfABillIsInOrder(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Bill(rowtest.Bill{ID: 1, No: "ZZCX1", Snapshot: true})
	id := rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "ZZCX1", State: "done", Disposition: "cancelled", Attempt: 1,
	})
	rows.Attempt(rowtest.Attempt{CancellationID: id, Disposition: "cancelled", VendorMessage: "取消成功"})
	rows.Work(rowtest.Work{Kind: "rejected", BillID: 1, BillNo: "ZZCX1", CancellationID: id, Closed: "settled"})
	require.Equal(t, "首次读到 · 读到有效状态（第 1 次生效） · 最近一次读取 · 记入应取消（第 1 次生效） · 转人工 · 第 1 次请求 · 第 1 次答复 · 了结 · 人工事项关闭",
		rows.Text(`select string_agg(event_zh, ' · ' order by event_time, step) from reporting.bill_history where `+
			`bill_no = 'ZZCX1'`))
}

// What held it, who let it go, who marked it done and why, and how it was settled before: all of that stays with a
// bill, also when its events are long gone.
func TestTheHistoryOfABillKeepsHoldsAndWhatPersonsDid(t *testing.T) {
	w := setupWriter(t)
	page := voidedPage(1, "A1", "WH1")
	page.Cancellations[0].Hold = rule.HoldNoEventTime
	_, err := w.store.FinishRun(t.Context(), w.run(), page, finishAt(rowtest.Now), none)
	require.NoError(t, err)
	id := int64(w.count(`select cancellation_id from cancellation`))
	_, err = w.acts().Release(t.Context(), ledger.Act{Scheme: rowtest.SchemeName, Actor: "li", Reason: "时间已核对"},
		[]int64{id})
	require.NoError(t, err)
	for _, verb := range []ledger.Verb{ledger.Ignore, ledger.MarkDone} {
		_, err = w.acts().Operate(t.Context(), verb,
			ledger.Act{Scheme: rowtest.SchemeName, Actor: "wang", Reason: "仓库说 " + string(verb)},
			ledger.CancellationFilter{Scheme: rowtest.SchemeName, IDs: []int64{id}}, ledger.Bounds{Max: 1})
		require.NoError(t, err)
	}
	w.rows.Exec(`delete from event_inbox`)

	bills, err := w.store.BillViews(t.Context(), "A1", "")
	require.NoError(t, err)
	var told []string
	for _, h := range bills[0].History {
		if h.CancellationID == id && h.Event != "cancellation" {
			told = append(told, h.EventText+" "+h.Detail)
		}
	}
	require.Equal(t, []string{
		"转待放行 没有作废时间", "转人工 " + w.text(`select message from reporting.work_item`), "放行 li：时间已核对",
		"人工事项关闭 已放行", "了结 已关闭：人工决定不取消", "不取消 wang：仓库说 ignore", "了结 已取消：人工标记已取消",
		"标记已取消 wang：仓库说 mark_done",
	}, told)
}

func TestLagCountsFromTheVoidOnlyWhenItsTimeIsKnown(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Bill(rowtest.Bill{ID: 1, No: "a"})
	rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "a", State: "done"})
	rows.Bill(rowtest.Bill{ID: 2, No: "b"})
	rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "b", State: "done"})
	rows.Exec(`update voidrelay.bill set cancel_is_date = true where bill_id = 2`)
	require.Equal(t, "a 63 3; b - 3", rows.Text(`
select string_agg(concat_ws(' ', bill_no, coalesce(void_to_cancel_seconds::text, '-'), decide_to_cancel_seconds::text),
           '; ' order by bill_no) from reporting.lag`))
}
