package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// inserter puts jobs into the queue, insertTx in a caller's transaction.
type inserter interface {
	insertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error
	insert(ctx context.Context, args river.JobArgs) error
	// insertOnce inserts none where one with the same args was inserted within this period of the clock.
	insertOnce(ctx context.Context, args river.JobArgs, period time.Duration) error
}
