package worker

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
)

// eager lets backfills give way to nobody: how long they do is measured by another clock than the test's.
type eager struct{ *rooms.All }

func (eager) LiveTraffic(context.Context, string, int) (ledger.LiveTraffic, error) {
	return ledger.LiveTraffic{}, nil
}

// fill works on a backfill; maybe somebody has just asked for it. A plan is carried out at some time, or never.
func (l *lives) fill(ctx context.Context) {
	if l.rng.IntN(3) > 0 && !l.kingdee.quiet {
		l.askForBackfill()
	}
	act := ledger.Act{Scheme: "assembly-void", Actor: "test", Reason: "test"}
	for _, plan := range l.backfills(`state = 'planned'`) {
		if l.rng.IntN(2) == 0 {
			l.tell("  plan %d is carried out", plan)
			require.NoError(l, l.Acts().ApplyBackfill(l.Context(), act, plan, 0))
		}
	}
	s := eager{l.Store}
	f := &backfill.Backfiller{Store: s, Kingdee: l.kingdee, Registry: l.Job.Registry, Insert: l, Logger: l.Job.Logger,
		Now: l.now}
	due, err := l.Store.DueBackfills(l.Context())
	require.NoError(l, err)
	for _, id := range due {
		l.fine(ctx, f.Run(ctx, queue.BackfillArgs{ID: id}))
	}
}

// askForBackfill asks for some hours, or some numbers.
func (l *lives) askForBackfill() {
	order := ledger.BackfillOrder{PlanOnly: l.rng.IntN(2) == 0, BeforeCutover: l.rng.IntN(3) == 0}
	if l.rng.IntN(2) == 0 {
		order.From = l.now().Add(-time.Duration(1+l.rng.IntN(8)) * time.Hour)
	} else {
		for range 1 + l.rng.IntN(4) {
			order.Numbers = append(order.Numbers, l.kingdee.bills[l.rng.IntN(len(l.kingdee.bills))].Bill.Number)
		}
	}
	l.tell("  backfill %+v", order)
	_, err := l.Acts().StartBackfill(l.Context(), ledger.Act{Scheme: "assembly-void", Actor: "test", Reason: "test"},
		order)
	require.NoError(l, err)
}

func (l *lives) backfills(where string) []int64 {
	rows, err := l.Pool.Query(l.Context(),
		`select run_id from run join run_backfill using (run_id) where `+where+` order by run_id`)
	require.NoError(l, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(l, err)
	return ids
}
