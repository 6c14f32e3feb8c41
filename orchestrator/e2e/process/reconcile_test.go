package process

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// The orchestrator dies while Kingdee takes its time over a reconcile run. The next one goes on with that reconcile
// run, not with another, and counts no bill twice.
func TestKilledInTheMiddleOfAReconcile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	first, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))

	w.latency(700)
	_, err := client.Runs.StartReconcile(ctx, &orchestratorv1.StartReconcileRequest{Scheme: "assembly-void", Kind: orchestratorv1.ReconcileKind_RECONCILE_KIND_RECONCILE})
	require.NoError(t, err)
	var id int64
	await(t, time.Minute, "a reconcile run is under way", func() bool {
		answer, err := client.Runs.ListReconciles(ctx, &orchestratorv1.ListReconcilesRequest{Kind: orchestratorv1.ReconcileKind_RECONCILE_KIND_RECONCILE, PageSize: 1})
		require.NoError(t, err)
		for _, reconcile := range answer.GetReconciles() {
			if reconcile.GetState() == orchestratorv1.ReconcileState_RECONCILE_STATE_RUNNING {
				id = reconcile.GetReconcileId()
			}
		}
		return id != 0
	})
	first.Kill()
	w.latency(0)

	_, client = w.orchestrate(map[string]string{install.TakeoverSetting: "2s"})
	var reconcile *orchestratorv1.Reconcile
	await(t, time.Minute, "the same reconcile run is complete", func() bool {
		answer, err := client.Runs.GetReconcile(ctx, &orchestratorv1.GetReconcileRequest{ReconcileId: id})
		require.NoError(t, err)
		reconcile = answer.GetReconcile()
		return reconcile.GetState() == orchestratorv1.ReconcileState_RECONCILE_STATE_COMPLETE
	})
	require.Empty(t, reconcile.GetError())
	require.Equal(t, w.between(reconcile.GetFromTime().AsTime(), reconcile.GetToTime().AsTime()), reconcile.GetBillsRead())
	require.Zero(t, reconcile.GetHoursDiffering())
}

// latency delays every answer of Kingdee.
func (w *town) latency(millis int) {
	p := w.vendors.Kingdee.Personality()
	p.LatencyMillis = millis
	w.vendors.Kingdee.SetPersonality(p)
}

// between is how many bills last changed in this span.
func (w *town) between(from, to time.Time) (n int64) {
	for _, b := range w.vendors.Kingdee.Bills() {
		if at := lastChange(b); !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

func lastChange(b books.Bill) time.Time {
	last := b.CreateDate
	for _, at := range []time.Time{b.ModifyDate, b.ApproveDate, b.CancelDate} {
		if at.After(last) {
			last = at
		}
	}
	return last
}
