package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func listed(t *testing.T, s *rooms.All, f ledger.CancellationFilter, page ledger.CancellationPage) []int64 {
	t.Helper()
	found, err := s.CancellationViews(t.Context(), f, page)
	require.NoError(t, err)
	ids := make([]int64, len(found))
	for i, v := range found {
		ids[i] = v.CancellationID
	}
	return ids
}

// Each part of the filter finds what it names and nothing else, alone and counted.
func TestCancellationsAreFoundByWhatTheyHaveInCommon(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	at := rowtest.Now
	rows.Bill(rowtest.Bill{ID: 1, No: "a"})
	rows.Bill(rowtest.Bill{ID: 2, No: "b"})
	rows.Exec(`update bill set org = '200' where bill_id = 2`)
	rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "a", Created: at})
	rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "a", Warehouse: "WH02", State: "needs_attention", Disposition: "rejected",
		VendorMessage: "单据 Locked 不能取消", Created: at.Add(time.Hour),
	})
	rows.Cancellation(rowtest.Cancellation{
		BillID: 2, BillNo: "b", State: "done", Disposition: "cancelled", Created: at.Add(2 * time.Hour),
	})
	rows.Exec(`update cancellation set direction = 'out', cancel_reason = '改单 R7' where cancellation_id = 3`)
	rows.Exec(`update outcome set update_time = outcome_time + interval '1 hour'`)
	ended := at.Add(2*time.Hour + 3*time.Second)

	for name, c := range map[string]struct {
		filter ledger.CancellationFilter
		want   []int64
	}{
		"order kind":             {ledger.CancellationFilter{OrderKind: "Assembly.out"}, []int64{3}},
		"a kind alone":           {ledger.CancellationFilter{OrderKind: "Assembly"}, []int64{}},
		"warehouse":              {ledger.CancellationFilter{WarehouseNumber: "CKWH02"}, []int64{2}},
		"organisation":           {ledger.CancellationFilter{StockOrgNumber: "200"}, []int64{3}},
		"text, any case":         {ledger.CancellationFilter{Text: "locked"}, []int64{2}},
		"text of the reason":     {ledger.CancellationFilter{Text: "r7"}, []int64{3}},
		"text like a wish":       {ledger.CancellationFilter{Text: "%"}, []int64{}},
		"text and state":         {ledger.CancellationFilter{Text: "R7", States: []string{"open"}}, []int64{}},
		"updated since":          {ledger.CancellationFilter{UpdatedFrom: at.Add(time.Hour)}, []int64{3, 2}},
		"updated before":         {ledger.CancellationFilter{UpdatedTo: at.Add(time.Hour)}, []int64{1}},
		"ended at":               {ledger.CancellationFilter{OutcomeFrom: ended}, []int64{3}},
		"ended before":           {ledger.CancellationFilter{OutcomeTo: ended}, []int64{}},
		"ended, of what is open": {ledger.CancellationFilter{OutcomeFrom: at, States: []string{"open"}}, []int64{}},
		"ended, and held":        {ledger.CancellationFilter{OutcomeFrom: at, HoldReason: "x"}, []int64{}},
		"ended, of a kind":       {ledger.CancellationFilter{OutcomeFrom: at, OrderKind: "Assembly.out"}, []int64{3}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, listed(t, s, c.filter, ledger.CancellationPage{Limit: 10}))
			counted, err := s.CountCancellations(t.Context(), c.filter, 10)
			require.NoError(t, err)
			require.EqualValues(t, len(c.want), counted)
			most, err := s.CountCancellations(t.Context(), c.filter, 1)
			require.NoError(t, err)
			require.EqualValues(t, min(len(c.want), 1), most)
		})
	}
}

// A list by update time that is read page by page, and begun again where it ended, has every cancellation once, however
// the pages fall between those that changed at the same moment; and in either order of ids.
func TestPagesOfAListFitTogether(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	for i, state := range []string{"done", "open", "needs_attention", "closed", "held", "done", "withdrawn"} {
		rows.Cancellation(rowtest.Cancellation{
			BillID: int64(i + 1), BillNo: fmt.Sprint("b", i), State: state,
			// The youngest changed first, two by two at the same moment.
			Created: rowtest.Now.Add(-time.Duration(i/2) * time.Minute),
		})
	}
	for order, want := range map[ledger.CancellationOrder][]int64{
		ledger.Newest:     {7, 6, 5, 4, 3, 2, 1},
		ledger.Oldest:     {1, 2, 3, 4, 5, 6, 7},
		ledger.UpdateTime: {7, 5, 6, 3, 4, 1, 2},
	} {
		for size := 1; size <= 8; size++ {
			page, read := ledger.CancellationPage{Order: order, Limit: size, Through: time.Now()}, []int64{}
			for {
				found, err := s.CancellationViews(t.Context(), ledger.CancellationFilter{}, page)
				require.NoError(t, err)
				if len(found) == 0 {
					break
				}
				for _, v := range found {
					read = append(read, v.CancellationID)
				}
				last := found[len(found)-1]
				page.After, page.AfterTime = last.CancellationID, last.UpdateTime
			}
			require.Equal(t, want, read, "order %v, pages of %d", order, size)
		}
	}
}

// A change that is written before a list by update time is read, and commits after it, bears a time at which the list
// had already been: the list ends before it, and the next one has it.
func TestWhoPollsLosesNothingThatCommitsLate(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	slow := rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "slow"})
	quick := rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "quick"})
	since := rowtest.Now.Add(time.Minute)
	ask := func() []int64 {
		t.Helper()
		through, err := s.CommittedBefore(t.Context())
		require.NoError(t, err)
		found := listed(t, s, ledger.CancellationFilter{UpdatedFrom: since},
			ledger.CancellationPage{Order: ledger.UpdateTime, Through: through, Limit: 10})
		since = through
		return found
	}
	answered := func(exec func(sql string), id int64) {
		exec(fmt.Sprintf(`update unsettled_cancellation set disposition = 'in_progress', update_time = now()
where cancellation_id = %d`, id))
	}
	require.Empty(t, ask())

	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	answered(func(sql string) { _, err := tx.Exec(t.Context(), sql); require.NoError(t, err) }, slow)
	answered(func(sql string) { rows.Exec(sql) }, quick)
	require.Empty(t, ask(), "what changed later waits for what has not committed")
	require.NoError(t, tx.Commit(t.Context()))
	var both []int64
	require.Eventually(t, func() bool { both = append(both, ask()...); return len(both) == 2 }, 10*time.Second,
		100*time.Millisecond)
	require.Equal(t, []int64{slow, quick}, both)
	require.Empty(t, ask(), "and each is listed once")
}
