package process

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func TestThreeServicesAsProcesses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	orchestrator, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))

	const number = "ZZCX000151"
	_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, number)
	require.NoError(t, err)
	require.NoError(t, client.Settled(ctx))

	bill := w.theBill(client, number)
	require.Equal(t, orchestratorv1.Verdict_VERDICT_CANCELLED, bill.GetVerdict(), bill.GetReason())
	require.Len(t, bill.GetCancellations(), 1)
	truth, err := w.vendors.WMS.Truth(warehouse.Key{
		SID: wms.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: number, OrderType: "QTRK",
	})
	require.NoError(t, err)
	require.Equal(t, 1, truth.Effects)
	require.Equal(t, 1, truth.Requests)
	w.agree(client)

	require.Contains(t, get(t, "http://"+orchestrator.Addrs[1]+"/v1/bills/"+number), "已取消")

	terminate(t, orchestrator)
	terminate(t, w.wms)
	terminate(t, w.kingdee)
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}
