package syncrun

import "github.com/jackc/pgx/v5/pgxpool"

// ReadingRows are the rows of baselines and incremental runs, and the watermark. Safe for concurrent use.
type ReadingRows struct {
	pool *pgxpool.Pool
}

// NewReadingRows reaches them through a pool that ledger.Open made.
func NewReadingRows(pool *pgxpool.Pool) *ReadingRows { return &ReadingRows{pool: pool} }
