package reconcile

import "github.com/jackc/pgx/v5/pgxpool"

// ComparisonRows are the rows of reconcile runs and rechecks. Safe for concurrent use.
type ComparisonRows struct {
	pool *pgxpool.Pool
}

// NewComparisonRows reaches them through a pool that ledger.Open made.
func NewComparisonRows(pool *pgxpool.Pool) *ComparisonRows { return &ComparisonRows{pool: pool} }
