package backfill

import "github.com/jackc/pgx/v5/pgxpool"

// PlanRows are the rows of backfills, and of what they plan and apply. Safe for concurrent use.
type PlanRows struct {
	pool *pgxpool.Pool
}

// NewPlanRows reaches them through a pool that ledger.Open made.
func NewPlanRows(pool *pgxpool.Pool) *PlanRows { return &PlanRows{pool: pool} }
