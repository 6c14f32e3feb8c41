package process

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	ksandbox "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
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
	_, err := client.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{
		Scheme: "assembly-void", Kind: orchestratorv1.RunKind_RUN_KIND_RECONCILE,
	})
	require.NoError(t, err)
	var id int64
	await(t, time.Minute, "a reconcile run is under way", func() bool {
		answer, err := client.Runs.ListRuns(ctx, &orchestratorv1.ListRunsRequest{
			Kinds: []orchestratorv1.RunKind{orchestratorv1.RunKind_RUN_KIND_RECONCILE}, PageSize: 1,
		})
		require.NoError(t, err)
		for _, reconcile := range answer.GetRuns() {
			if reconcile.GetState() == orchestratorv1.RunState_RUN_STATE_RUNNING {
				id = reconcile.GetRunId()
			}
		}
		return id != 0
	})
	first.Kill()
	w.latency(0)

	_, client = w.orchestrate(map[string]string{install.TakeoverSetting: "2s"})
	var reconcile *orchestratorv1.Run
	await(t, time.Minute, "the same reconcile run is complete", func() bool {
		answer, err := client.Runs.GetRun(ctx, &orchestratorv1.GetRunRequest{RunId: id})
		require.NoError(t, err)
		reconcile = answer.GetRun()
		return reconcile.GetState() == orchestratorv1.RunState_RUN_STATE_COMPLETE
	})
	require.Empty(t, reconcile.GetError())
	compared := reconcile.GetComparison()
	require.Equal(t, w.between(compared.GetFromTime().AsTime(), compared.GetToTime().AsTime()), compared.GetBillsRead())
	require.Zero(t, compared.GetHoursDiffering())
}

// latency delays every answer of Kingdee.
func (w *town) latency(millis int) {
	p := w.vendors.Kingdee.Personality()
	p.LatencyMillis = millis
	w.vendors.Kingdee.SetPersonality(p)
}

// between is how many assembly bills last changed in this span.
func (w *town) between(from, to time.Time) (n int64) {
	for _, b := range w.vendors.Kingdee.Bills() {
		if at := lastChange(b); b.Form == ksandbox.FormID && !at.Before(from) && at.Before(to) {
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
