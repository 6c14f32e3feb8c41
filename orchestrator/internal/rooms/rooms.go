// Package rooms puts the rows of every room together, for the jobs, which go from room to room, and for tests. It has
// no SQL of its own.
package rooms

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/reconcile"
	"github.com/voidrelay/voidrelay/orchestrator/internal/remap"
	"github.com/voidrelay/voidrelay/orchestrator/internal/syncrun"
)

// All is the rows of every room. Safe for concurrent use.
type All struct {
	*query.Reader
	*ledger.Schemes
	*ledger.RunRows
	*push.Rows
	*ledger.Conditions
	*intake.BillRows
	*syncrun.ReadingRows
	*reconcile.ComparisonRows
	*backfill.PlanRows
	*operate.Operator
	*remap.FormerRows
}

// New reaches them through a pool that ledger.Open made.
func New(pool *pgxpool.Pool) *All {
	return &All{
		Reader: query.New(pool), Schemes: ledger.NewSchemes(pool), RunRows: ledger.NewRunRows(pool),
		Rows: push.NewRows(pool), Conditions: ledger.NewConditions(pool), BillRows: intake.NewBillRows(pool),
		ReadingRows: syncrun.NewReadingRows(pool), ComparisonRows: reconcile.NewComparisonRows(pool),
		PlanRows: backfill.NewPlanRows(pool), Operator: operate.NewOperator(pool),
		FormerRows: remap.NewFormerRows(pool),
	}
}

// Run answers one run, as the jobs see it; ledger.ErrNotFound when there is none.
func (a *All) Run(ctx context.Context, id int64) (ledger.Run, error) { return a.RunRows.Run(ctx, id) }
