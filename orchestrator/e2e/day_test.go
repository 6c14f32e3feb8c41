package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	ksandbox "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestASampleDayEndsAsBothTruthsSay(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		require.NoError(t, s.kingdee.Seed(t.Context(), ksample.DefaultSeed))
		for _, order := range s.kingdee.AuditedOrders() {
			if order.BillLive {
				s.order(order)
			}
		}
	})
	for _, step := range ksample.Day() {
		if step.AfterRun {
			s.run()
		}
		_, err := s.kingdee.Play(t.Context(), step)
		require.NoError(t, err, step.Remark)
	}
	s.settle()

	truth := s.kingdee.Truth()
	require.NotEmpty(t, truth.LiveNumbers)
	cancelled := 0
	for order := range s.wms.EachTruth(warehouse.Filter{}) {
		live := truth.LiveNumbers[order.OrderCode] != 0
		if order.Effects > 0 {
			cancelled++
			require.False(t, live, "%s was cancelled and its bill is live", order.OrderCode)
			require.Equal(t, "已取消", s.verdict(order.OrderCode), order.OrderCode)
		}
		require.LessOrEqual(t, order.Requests, 1, "%s was asked for more than once", order.OrderCode)
	}
	require.Equal(t, s.count(`select count(*) from cancellation_now where state = 'done'`), cancelled)
	for _, bill := range truth.Bills {
		if bill.Form != ksandbox.FormID {
			continue // no scheme here watches it
		}
		if bill.Voided && bill.EverAudited && bill.VoidedAt.After(s.begun) {
			require.Equal(t, "已取消", s.verdict(bill.BillNo), bill.BillNo)
		}
		if bill.Live {
			require.Equal(t, "无需取消", s.verdict(bill.BillNo), bill.BillNo)
		}
	}
	// Moved from one warehouse to another between un-audit and void: the order stands where it was made.
	require.Equal(t, 1, s.truth("WH-YW01", "ZZCX000154").Effects)
}
