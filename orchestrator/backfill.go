package orchestrator

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/jobs"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

// backfills stores what a person asks for together with the job that does it.
type backfills struct {
	ledger *store.Store
	jobs   *jobs.Runner
}

func (b backfills) StartBackfill(ctx context.Context, act ledger.Act, order ledger.BackfillOrder) (int64, error) {
	return b.ledger.StartBackfill(ctx, act, order, func(tx pgx.Tx, id int64) error { return b.jobs.InsertBackfill(ctx, tx, id) })
}

func (b backfills) ApplyBackfill(ctx context.Context, act ledger.Act, id, maxCount int64) error {
	return b.ledger.ApplyBackfill(ctx, act, id, maxCount, func(tx pgx.Tx) error { return b.jobs.InsertBackfill(ctx, tx, id) })
}

func (b backfills) CancelBackfill(ctx context.Context, act ledger.Act, id int64) error {
	return b.ledger.CancelBackfill(ctx, act, id)
}
