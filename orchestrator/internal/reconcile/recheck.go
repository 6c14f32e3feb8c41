package reconcile

import (
	"context"
	"errors"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// recheckBatch is how many bills one question asks for: so many that kingdeesvc lets incremental runs and verifications
// go first.
const recheckBatch = 5000

// recheck asks for all bills known live, batch after batch, whatever their dates say: an un-audit may move none of
// them.
func (c *reconcileChunk) recheck(ctx context.Context) error {
	controls, err := c.Store.Controls(ctx, c.reconcile.Scheme, intake.ControlBills)
	if err != nil {
		return err
	}
	for {
		if c.leaving() {
			return intake.ErrStopping
		}
		ids, err := c.ledger.Watched(ctx, c.reconcile, c.Now().Add(-rule.RecheckReach), recheckBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = c.ask(ctx, ids, controls, c.keep(ctx, func(w *ledger.Run, told ledger.Told) {
			w.Cursor = told.Cursor
			w.Comparison.Read += told.Bills
		}))
		if errors.Is(err, errNothingShown) {
			return c.nothingShown(ctx)
		}
		if err != nil {
			return err
		}
	}
}
