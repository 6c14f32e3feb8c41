package process

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
	wms "github.com/voidrelay/voidrelay/wmssvc/sandbox"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// The orchestrator dies after the WMS did what it was asked and before anybody could write that down: the intent alone
// says that something may have happened. The next one must find out by asking again, and nothing may be cancelled
// twice.
func TestKilledBetweenIntentAndOutcome(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	const number = "ZZCX000151"
	key := warehouse.Key{SID: wms.DemoSID, WarehouseCode: "WH-HZ01", OrderCode: number, OrderType: "QTRK"}
	require.NoError(t, w.vendors.WMS.AddFaults(wbehaviour.Fault{
		Kind: wbehaviour.FaultSlowReply, OrderCode: number, Times: 1, DelayMS: 120_000,
	}))

	first, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))
	_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, number)
	require.NoError(t, err)
	await(t, time.Minute, "the WMS has cancelled and says nothing", func() bool {
		truth, err := w.vendors.WMS.Truth(key)
		return err == nil && truth.Effects == 1
	})
	id := w.theBill(client, number).GetCancellations()[0].GetCancellationId()
	attempts := func() []*orchestratorv1.Attempt {
		answer, err := client.Cancellations.GetCancellation(ctx,
			&orchestratorv1.GetCancellationRequest{CancellationId: id})
		require.NoError(t, err)
		return answer.GetAttempts()
	}
	require.Len(t, attempts(), 1)
	require.Empty(t, attempts()[0].GetDisposition(), "the intent is there, the outcome is not")
	first.Kill()

	_, client = w.orchestrate(map[string]string{install.TakeoverSetting: "2s"})
	require.NoError(t, client.Settled(ctx))

	got := attempts()
	require.Len(t, got, 2)
	require.Equal(t, "unknown", got[0].GetDisposition())
	require.Equal(t, "already_cancelled", got[1].GetDisposition())
	require.Equal(t, orchestratorv1.Verdict_VERDICT_CANCELLED, w.theBill(client, number).GetVerdict())
	truth, err := w.vendors.WMS.Truth(key)
	require.NoError(t, err)
	require.Equal(t, 2, truth.Requests, "the request and the probe")
	require.Equal(t, 1, truth.Effects, "cancelled once")
	w.agree(client)
}
