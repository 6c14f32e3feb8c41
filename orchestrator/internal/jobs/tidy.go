package jobs

import (
	"context"
	"time"
)

// tidyStore is what housekeeping asks of the ledger.
type tidyStore interface {
	EnsurePartitions(ctx context.Context, now time.Time) error
}

// tidier makes room for the evidence of the coming month.
type tidier struct {
	store tidyStore
	now   func() time.Time
}

func (t *tidier) run(ctx context.Context) error { return t.store.EnsurePartitions(ctx, t.now()) }
