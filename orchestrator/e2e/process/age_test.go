package process

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// The failure: reading had stopped by a wrong zone. A bill that was voided meanwhile read "valid, not voided", and one
// that was made meanwhile "not seen", in every face.
func TestAnswersKnowTheirAge(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	w := setup(t)
	l := w.ledger()
	p, client := w.named("a", nil)
	require.NoError(t, client.Baseline(ctx))
	bill := w.theBill(client, "ZZCX000151")
	require.False(t, bill.GetReadingStandsStill())
	require.NotNil(t, bill.GetAsOfTime())
	require.Equal(t, "无需取消", bill.GetVerdictText())
	asked := func(number string) error {
		_, err := client.Bills.GetBill(ctx, &orchestratorv1.GetBillRequest{BillNo: number, Scheme: "assembly-void"})
		return err
	}
	require.Contains(t, status.Convert(asked("NONE-1")).Message(), "未见此单", "a fact, while reading goes on")

	wrong := w.vendors.Settings()
	wrong["KINGDEESVC_ADDR"], wrong["KINGDEE_TIME_ZONE"] = w.kingdee.Addrs[0], "UTC"
	terminate(t, w.kingdee)
	start(t, install.RoleKingdee, wrong)
	await(t, time.Minute, "reading has stopped", func() bool {
		return l.is(`exists (select from condition where scheme = 'assembly-void' and
			reason = 'TIME_ZONE_DIFFERS' and end_time is null)`)
	})
	_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, "ZZCX000151")
	require.NoError(t, err)
	made, err := w.vendors.Kingdee.Bulk(ctx, books.Bulk{Count: 1, Stocks: []string{"CK001"}})
	require.NoError(t, err)

	bill = w.theBill(client, "ZZCX000151")
	require.True(t, bill.GetReadingStandsStill())
	require.Regexp(t, "^现在不知道，此前：", bill.GetVerdictText())
	require.Regexp(t, `^现在不知道：[-0-9: ]+ 之后没有读到（方案已停止.*）。此前：单据有效，未作废$`, bill.GetReason())
	require.Less(t, time.Until(bill.GetAsOfTime().AsTime()), time.Duration(0))
	require.Contains(t, get(t, "http://"+p.Addrs[1]+"/v1/bills/ZZCX000151"), `"verdictText":"现在不知道，此前：`)
	for _, list := range []string{"cancellations", "workItems"} {
		require.Regexp(t, `"readings":\[\{"scheme":"assembly-void",\s?"asOfTime":"[^"]+",\s?`+
			`"readingStandsStill":true,\s?"standing":"现在不知道：`, get(t, "http://"+p.Addrs[1]+"/v1/"+list))
	}
	require.True(t, l.is(`bool_and(verdict like '现在不知道，%' and reason like '现在不知道：%' and reading_stands_still)
		from reporting.bill_verdict where bill_no = 'ZZCX000151'`))

	err = asked(made[0])
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Regexp(t, "^现在不知道：.*尚未读到单据", status.Convert(err).Message())
	require.NotContains(t, status.Convert(err).Message(), "未见此单")
	response, err := http.Get("http://" + p.Addrs[1] + "/v1/bills/" + made[0]) //nolint:noctx,gosec // ours
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.True(t, l.is(`stands_still and standing like '现在不知道：%' from reporting.reading
		where scheme = 'assembly-void'`))
}
