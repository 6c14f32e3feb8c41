package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

// settledLongAgo is an audited bill none of whose dates lies in the overlap of a run, with its order in the WMS.
func (s *stack) settledLongAgo() (no, stock string) {
	s.Helper()
	for _, b := range s.kingdee.Bills() {
		if b.DocumentStatus != books.StatusAudited || b.CancelStatus != books.NotVoided ||
			time.Since(b.ModifyDate) < 48*time.Hour {
			continue
		}
		var inbound []books.Order
		for _, order := range b.Orders() {
			if order.Direction == books.Inbound && warehouses[order.Stock] != "" {
				inbound = append(inbound, order)
			}
		}
		if len(inbound) == 1 {
			s.order(inbound[0])
			return b.BillNo, inbound[0].Stock
		}
	}
	require.Fail(s, "the sample bills have none that is old")
	return "", ""
}

// A server that gives the cancel date without a time of day, and moves no other date: the void lies at midnight, hours
// below the watermark.
func TestAVoidThatMovesNothingButADateIsSeenAndCancelledOnce(t *testing.T) {
	t.Parallel()
	var no, stock string
	s := start(t, func(s *stack) {
		p := s.kingdee.Personality()
		p.DeleteVoided = true
		p.CancelDateOnly, p.VoidKeepsModifyDate = true, true
		p.UnauditKeepsModifyDate, p.UnauditKeepsApproveDate = true, true
		s.kingdee.SetPersonality(p)
		require.NoError(s, s.kingdee.Reset(s.Context(), ksample.DefaultSeed))
		for _, b := range s.kingdee.Bills() {
			if b.CancelStatus == books.Voided { // the samples were voided on a server that gives times
				_, err := s.kingdee.Delete(s.Context(), b.BillNo)
				require.NoError(s, err)
			}
		}
		no, stock = s.settledLongAgo()
	})
	s.void(no)
	s.settle()
	require.Equal(t, "已取消", s.verdict(no))
	require.Equal(t, 1, s.truth(warehouses[stock], no).Effects)

	// Every run of the day reads it again; it is owed once.
	s.run()
	s.run()
	require.Equal(t, 1, s.count(`select count(*) from cancellation_now where bill_no = $1`, no))
	require.Equal(t, 1, s.truth(warehouses[stock], no).Requests)
}

// A server, or what stands before it, that leaves the Date header out: the watermark follows our own clock at a
// distance, and the run says so.
func TestAServerWithoutAClockIsReadAllTheSame(t *testing.T) {
	t.Parallel()
	s := start(t, func(s *stack) {
		p := s.kingdee.Personality()
		p.OmitDate = true
		s.kingdee.SetPersonality(p)
	})
	s.audited("A1", "CK001")
	s.run()
	s.void("A1")
	s.settle()
	require.Equal(t, "已取消", s.verdict("A1"))
	require.Equal(t, 1, s.count(`select count(*) from watermark where watermark_time < now() - interval '10 minutes'`))
	require.NotZero(t,
		s.count(`select count(*) from run join run_reading using (run_id) where vendor_time is null and note <> ''`))
}
