package push

import "github.com/jackc/pgx/v5/pgxpool"

// Rows are the rows that sending reads and writes. Safe for concurrent use.
type Rows struct {
	pool *pgxpool.Pool
}

// NewRows reaches them through a pool that ledger.Open made.
func NewRows(pool *pgxpool.Pool) *Rows { return &Rows{pool: pool} }
