package worker

import "github.com/jackc/pgx/v5/pgxpool"

// HousekeepingRows are the rows that housekeeping counts and removes. Safe for concurrent use.
type HousekeepingRows struct {
	pool *pgxpool.Pool
}

// NewHousekeepingRows reaches them through a pool that ledger.Open made.
func NewHousekeepingRows(pool *pgxpool.Pool) *HousekeepingRows { return &HousekeepingRows{pool: pool} }
