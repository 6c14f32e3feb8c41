package process

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// The orchestrator dies between the pages of a backfill. Another goes on with that backfill where it was: each bill is
// counted once, owed once and cancelled once.
func TestKilledInTheMiddleOfABackfill(t *testing.T) {
	t.Parallel()
	const bills = 60
	w := setup(t, map[string]string{"KINGDEE_PAGE_ROWS": "10"})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	l := w.ledger()
	first, client := w.named("a", soon())
	require.NoError(t, client.Baseline(ctx))
	w.void(ctx, client, bills)

	w.latency(300)
	started, err := client.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{
		Scheme: "assembly-void", Kind: orchestratorv1.RunKind_RUN_KIND_BACKFILL, Reason: "上周的作废单",
		Backfill: &orchestratorv1.BackfillSelection{Bills: &orchestratorv1.BackfillSelection_Range{
			Range: &orchestratorv1.TimeRange{FromTime: timestamppb.New(time.Now().Add(-time.Hour))},
		}},
	})
	require.NoError(t, err)
	id := started.GetRun().GetRunId()
	await(t, time.Minute, "it is between its pages", func() bool {
		return l.is(fmt.Sprintf(`exists (select from run join run_backfill using (run_id)
    where run_id = %d and state = 'running' and items between 1 and %d)`, id, bills-1))
	})
	first.Kill()
	w.latency(0)

	_, client = w.named("b", map[string]string{install.TakeoverSetting: "2s"})
	await(t, time.Minute, "the same backfill is complete", func() bool {
		answer, err := client.Runs.GetRun(ctx, &orchestratorv1.GetRunRequest{RunId: id})
		require.NoError(t, err)
		return answer.GetRun().GetState() == orchestratorv1.RunState_RUN_STATE_COMPLETE
	})
	w.settled(ctx, client, l)
	require.True(t, l.is(fmt.Sprintf(`(select count(*) from cancellation_now) = %d`, bills)))
	require.True(t, l.is(fmt.Sprintf(`(select count(*) = %d and count(distinct bill_id) = %[1]d from backfill_item `+
		`where run_id = %d)`, bills, id)),
		l.text(fmt.Sprintf(`select string_agg(bill_no || ' ' || state, ', ') from backfill_item where run_id = %d`,
			id)))
}
