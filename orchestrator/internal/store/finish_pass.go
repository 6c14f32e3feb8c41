//go:build !broken_watermark

package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// FinishPass stores the last page and ends the pass, in one transaction: the run counts and the safety limits are checked, every planned
// cancellation of the scheme becomes open, held or dryRun, and the watermark moves by compare-and-set. A poll that found nothing
// leaves a heartbeat and no row. also runs in the same transaction.
func (s *Store) FinishPass(ctx context.Context, pass *ledger.Pass, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error) (ledger.Finished, error) {
	var finished ledger.Finished
	if pass.ID == 0 && pass.Kind == ledger.Poll && page.Empty() {
		quiet, err := s.heartbeat(ctx, pass, page, finish)
		if err != nil || quiet {
			return finished, err
		}
	}
	err := s.commit(ctx, pass, page, func(tx pgx.Tx, after *ledger.Pass) error {
		if err := after.RunCounts.Check(); err != nil {
			return err
		}
		if err := moveWatermark(ctx, tx, after, finish); err != nil {
			return err
		}
		var err error
		if finished, err = settlePlanned(ctx, tx, after.Scheme, finish.SafetyLimits, plannedByAll); err != nil {
			return fmt.Errorf("settle planned: %w", err)
		}
		if _, err := tx.Exec(ctx, `update pass set state = 'complete', end_time = now(), watermark_after = $2 where pass_id = $1`,
			after.ID, finish.WatermarkAfter); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from pass_failure where scheme = $1`, after.Scheme); err != nil {
			return err
		}
		return also(tx)
	})
	return finished, err
}
