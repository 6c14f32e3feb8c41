package process

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kingdee "github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// The orchestrator dies while Kingdee takes its time over a sweep. The next one goes on with that sweep, not with another, and counts
// no bill twice.
func TestKilledInTheMiddleOfASweep(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	first, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))

	w.latency(700)
	_, err := client.Runs.StartSweep(ctx, &orchestratorv1.StartSweepRequest{Scheme: "assembly-void", Kind: orchestratorv1.SweepKind_SWEEP_KIND_SWEEP})
	require.NoError(t, err)
	var id int64
	await(t, time.Minute, "a sweep is under way", func() bool {
		answer, err := client.Runs.ListSweeps(ctx, &orchestratorv1.ListSweepsRequest{Kind: orchestratorv1.SweepKind_SWEEP_KIND_SWEEP, PageSize: 1})
		require.NoError(t, err)
		for _, sweep := range answer.GetSweeps() {
			if sweep.GetState() == orchestratorv1.SweepState_SWEEP_STATE_RUNNING {
				id = sweep.GetSweepId()
			}
		}
		return id != 0
	})
	first.Kill()
	w.latency(0)

	_, client = w.orchestrate(map[string]string{house.TakeoverSetting: "2s"})
	var sweep *orchestratorv1.Sweep
	await(t, time.Minute, "the same sweep is complete", func() bool {
		answer, err := client.Runs.GetSweep(ctx, &orchestratorv1.GetSweepRequest{SweepId: id})
		require.NoError(t, err)
		sweep = answer.GetSweep()
		return sweep.GetState() == orchestratorv1.SweepState_SWEEP_STATE_COMPLETE
	})
	require.Empty(t, sweep.GetError())
	require.Equal(t, w.between(sweep.GetFromTime().AsTime(), sweep.GetToTime().AsTime()), sweep.GetBillsRead())
	require.Zero(t, sweep.GetHoursDiffering())
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

func lastChange(b kingdee.Bill) time.Time {
	last := b.CreateDate
	for _, at := range []time.Time{b.ModifyDate, b.ApproveDate, b.CancelDate} {
		if at.After(last) {
			last = at
		}
	}
	return last
}
