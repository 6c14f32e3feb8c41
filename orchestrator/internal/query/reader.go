package query

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Reader reads what people and programs are shown. Safe for concurrent use.
type Reader struct {
	pool *pgxpool.Pool
}

// New reads through a pool that ledger.Open made.
func New(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// Newest begins the where clause of a list that runs from the Newest key down, with its arguments.
func Newest(key string, before int64, limit int) (string, pgx.StrictNamedArgs) {
	args := pgx.StrictNamedArgs{"limit": limit}
	if before == 0 {
		return "\nwhere true", args
	}
	args["before"] = before
	return "\nwhere " + key + " < @before", args
}
