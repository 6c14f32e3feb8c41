package jobs

import (
	"context"
	"errors"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// watchBatch is how many bills one question asks for: so many that kingdeesvc lets passes and verifications go first.
const watchBatch = 5000

// watch asks for all bills held live, batch after batch, whatever their dates say: an un-audit may move none of them.
func (c *sweepChunk) watch(ctx context.Context) error {
	controls, err := c.store.Controls(ctx, c.sweep.Scheme, "", controlBills)
	if err != nil {
		return err
	}
	for {
		if c.leaving() {
			return errStopping
		}
		ids, err := c.ledger.Watched(ctx, c.sweep.Scheme, c.now().Add(-rule.WatchReach), c.sweep.Cursor, watchBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = c.ask(ctx, ids, controls, c.keep(ctx, func(w *ledger.Sweep, told ledger.Told) {
			w.Cursor = told.Cursor
			w.Read += told.Bills
		}))
		if errors.Is(err, errNothingShown) {
			return c.nothingShown(ctx)
		}
		if err != nil {
			return err
		}
	}
}
