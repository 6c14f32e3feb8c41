package intake

import "github.com/jackc/pgx/v5/pgxpool"

// BillRows are the rows of bills, as they are read and decided. Safe for concurrent use.
type BillRows struct {
	pool *pgxpool.Pool
}

// NewBillRows reaches them through a pool that ledger.Open made.
func NewBillRows(pool *pgxpool.Pool) *BillRows { return &BillRows{pool: pool} }
