package e2e_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// now is what Kingdee shows of a number at this moment, by REST.
func (s *stack) now(billNo string) (status int, texts []string, reason string) {
	s.Helper()
	var answer struct {
		Bills    []struct{ Text string }
		ReadTime time.Time
		Details  []struct{ Reason string }
	}
	status = s.get("/v1/schemes/assembly-void/bills:readNow?billNo="+billNo, &answer)
	for _, bill := range answer.Bills {
		texts = append(texts, bill.Text)
	}
	for _, detail := range answer.Details {
		reason += detail.Reason
	}
	if status == http.StatusOK {
		require.WithinDuration(s, time.Now(), answer.ReadTime, time.Minute)
	}
	return status, texts, reason
}

// Somebody on the phone wants to know what the bill is now, and not what it was a minute ago. Nothing is decided by
// such a look.
func TestWhatABillIsInKingdeeAtThisMoment(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.audited("NOW1", "CK001")
	s.run()
	status, texts, _ := s.now("NOW1")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []string{"有效"}, texts)
	status, texts, _ = s.now("NO-SUCH-BILL")
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, texts)

	s.void("NOW1")
	_, texts, _ = s.now("NOW1")
	require.Equal(t, []string{"已作废"}, texts)
	s.settle()
	require.Equal(t, 1, s.truth("WH-HZ01", "NOW1").Requests, "the look has sent nothing of its own")

	require.NoError(t, s.kingdeesvc.Stop(context.WithoutCancel(t.Context())))
	status, _, reason := s.now("NOW1")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "KINGDEE_UNREAD", reason)
}
