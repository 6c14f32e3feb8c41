// Package store holds the SQL of the capabilities that have no room of their own yet.
//
// What it promises: cancellations and the watermark move together, an intent is on disk before its request is handed
// over, a result is written to its own attempt and changes a cancellation only if that attempt is still the current
// one, and older knowledge never overwrites newer. It decides nothing about warehouses (package rule does) and starts
// no job (callers pass a function that runs in the same transaction).
package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/reconcile"
	"github.com/voidrelay/voidrelay/orchestrator/internal/syncrun"
)

// Store runs every statement of the orchestrator. Safe for concurrent use.
type Store struct {
	*query.Reader
	*ledger.Schemes
	*ledger.RunRows
	*push.Rows
	*push.AccountPauses
	*intake.BillRows
	*syncrun.ReadingRows
	*reconcile.ComparisonRows
	*backfill.PlanRows
	pool *pgxpool.Pool
}

// New wraps a pool that Open made.
func New(pool *pgxpool.Pool) *Store {
	return &Store{
		Reader: query.New(pool), Schemes: ledger.NewSchemes(pool), RunRows: ledger.NewRunRows(pool),
		Rows: push.NewRows(pool), AccountPauses: push.NewAccountPauses(pool), BillRows: intake.NewBillRows(pool), ReadingRows: syncrun.NewReadingRows(pool), ComparisonRows: reconcile.NewComparisonRows(pool),
		PlanRows: backfill.NewPlanRows(pool), pool: pool,
	}
}

// Usable says whether the database answers and takes what is written.
func (s *Store) Usable(ctx context.Context) error { return ledger.Usable(ctx, s.pool) }

// inTx runs fn in a transaction and repeats it, boundedly, when Postgres asked for that.
func (s *Store) inTx(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return ledger.InTx(ctx, s.pool, fn)
}

// inKeyedTx is inTx for statements that reach each row by its key.
func (s *Store) inKeyedTx(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return ledger.InKeyedTx(ctx, s.pool, fn)
}
