package syncrun

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// FinishRun stores the last page and ends the run, in one transaction: the run counts and the safety limits
// are checked, every planned cancellation of the scheme becomes open, held or dry_run, and the watermark moves
// by compare-and-set. An incremental run that nobody asked for and that found nothing leaves a heartbeat and no row.
// also runs in the same transaction.
func (s *ReadingRows) FinishRun(
	ctx context.Context, run *ledger.Run, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error,
) (ledger.Finished, error) {
	var finished ledger.Finished
	if run.ID == 0 && run.Kind == ledger.Incremental && !run.Asked && page.Empty() {
		quiet, err := s.heartbeat(ctx, run, page, finish)
		if err != nil || quiet {
			return finished, err
		}
	}
	err := s.commit(ctx, run, page, func(tx pgx.Tx, after *ledger.Run) error {
		if err := after.RunCounts.Check(); err != nil {
			return err
		}
		if err := moveWatermark(ctx, tx, after, finish); err != nil {
			return err
		}
		var err error
		if finished, err = intake.OpenPlanned(ctx, tx, after.Scheme, finish.SafetyLimits,
			intake.PlannedByAll); err != nil {
			return fmt.Errorf("settle planned: %w", err)
		}
		if _, err := tx.Exec(ctx, `delete from run_failure where scheme = $1`, after.Scheme); err != nil {
			return err
		}
		after.State, after.Reading.WatermarkAfter = ledger.RunComplete, finish.WatermarkAfter
		return also(tx)
	})
	return finished, err
}
