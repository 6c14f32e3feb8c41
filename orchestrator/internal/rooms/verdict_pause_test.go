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
	w.rows.Exec(`insert into account_pause (account, detail, probe_time) values ('default', 'key', now())`)
	require.Equal(t, "处理中 旺店通账号不被接受，已暂停发送，恢复后自动继续", verdict())
	require.NoError(t, w.acts().Pause(t.Context(), act("")))
	require.Equal(t, "处理中 方案已暂停发送，恢复后继续", verdict())
	_, _, err := w.acts().StopAll(t.Context(), act(""))
	require.NoError(t, err)
	require.Equal(t, "处理中 已全部停发，恢复后继续", verdict())
	w.rows.Exec(`update scheme set active = false`)
	require.Equal(t, "处理中 方案已不在方案文件中，未发送", verdict())
}
