package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// Whoever asks about a bill while nothing is sent was told that it is being cancelled, and waited.
func TestTheVerdictSaysWhyNothingIsSent(t *testing.T) {
	w := setupWriter(t)
	w.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "voided"})
	w.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1"})
	verdict := func() string {
		return w.text(`select verdict || ' ' || split_part(reason, '：', 1) from reporting.bill_verdict`)
	}
	require.Equal(t, "处理中 正在取消", verdict())
	w.rows.Condition(rowtest.Condition{Kind: "account_refused", Account: "default"})
	require.Equal(t, "处理中 旺店通不接受账号 default，已暂停发送，每 5 分钟自动重试；之后继续取消", verdict())
	require.NoError(t, w.acts().Pause(t.Context(), act("")))
	require.Equal(t, "处理中 方案已由人工暂停发送；之后继续取消", verdict())
	require.NoError(t, w.acts().Resume(t.Context(), act("")))
	_, _, err := w.acts().StopAll(t.Context(), act(""))
	require.NoError(t, err)
	require.Equal(t, "处理中 已全部停发；之后继续取消", verdict())
	w.rows.Exec(`update scheme set active = false`)
	require.Equal(t, "处理中 方案已停用，未发送", verdict())
}
