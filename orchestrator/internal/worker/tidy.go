package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// keepEvidence and keepBills are how long housekeeping leaves things alone.
const (
	keepEvidence = 180 * 24 * time.Hour
	keepBills    = 730 * 24 * time.Hour
)

// tidier makes room for the evidence of the coming month, and removes what need not be kept, chunk by chunk.
type tidier struct {
	store  *HousekeepingRows
	keep   ledger.Retention
	insert queue.Inserter
	logger *slog.Logger
	// stopping is closed when the process is asked to end: a later job goes on.
	stopping <-chan struct{}
}

// run does what is to be done of each chore until its time is up; then a successor goes on. A chore that fails says so
// in the ledger and keeps nobody else from theirs.
func (t *tidier) run(ctx context.Context) error {
	if err := t.store.EnsurePartitions(ctx); err != nil {
		return err
	}
	until := time.Now().Add(queue.WorkFor)
	for _, chore := range t.store.Chores() {
		for more := true; more; {
			select {
			case <-t.stopping:
				return nil
			default:
			}
			if time.Now().After(until) {
				return t.insert.Insert(ctx, queue.TidyArgs{})
			}
			var err error
			if more, err = t.store.Tidy(ctx, chore, t.keep); err != nil {
				t.logger.WarnContext(ctx, "housekeeping is behind", slog.String("chore", chore), slog.Any("err", err))
			}
		}
	}
	return nil
}
