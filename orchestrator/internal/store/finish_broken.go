//go:build broken_watermark

package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// FinishRun is broken on purpose: the watermark moves, with what was read, before the cancellations are written. Whatever dies in between has told
// the next run that these bills were dealt with. The chaos test must find that.
func (s *Store) FinishRun(ctx context.Context, run *ledger.Run, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error) (ledger.Finished, error) {
	var finished ledger.Finished
	if run.ID == 0 && run.Kind == ledger.Incremental && page.Empty() {
		quiet, err := s.heartbeat(ctx, run, page, finish)
		if err != nil || quiet {
			return finished, err
		}
	}
	later := page
	page.Cancellations = nil
	err := s.commit(ctx, run, page, func(tx pgx.Tx, after *ledger.Run) error {
		if err := moveWatermark(ctx, tx, after, finish); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update run set state = 'complete', end_time = now(), watermark_after = $2 where run_id = $1`,
			after.ID, finish.WatermarkAfter); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from run_failure where scheme = $1`, after.Scheme)
		return err
	})
	if err != nil {
		return finished, err
	}
	crashpoint.Here(crashpoint.AfterFinish)
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if err := planCancellations(ctx, tx, run, &later); err != nil {
			return err
		}
		var err error
		if finished, err = settlePlanned(ctx, tx, run.Scheme, finish.SafetyLimits, plannedByAll); err != nil {
			return fmt.Errorf("settle planned: %w", err)
		}
		return also(tx)
	})
	return finished, err
}
