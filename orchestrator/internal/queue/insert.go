package queue

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// Inserter puts jobs into the queue, InsertTx in a caller's transaction.
type Inserter interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error
	Insert(ctx context.Context, args river.JobArgs) error
	// InsertOnce inserts none where one with the same args was inserted within this period of the clock.
	InsertOnce(ctx context.Context, args river.JobArgs, period time.Duration) error
}
