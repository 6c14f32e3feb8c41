package syncrun

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// heartbeat moves the watermark of an incremental run that found nothing. It answers false when planned cancellations
// of an earlier run wait for a complete one.
func (s *ReadingRows) heartbeat(
	ctx context.Context, run *ledger.Run, page ledger.Page, finish ledger.Finish,
) (bool, error) {
	runCounts := run.RunCounts
	runCounts.Add(page.RunCounts)
	if err := runCounts.Check(); err != nil {
		return false, err
	}
	quiet := false
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		var planned bool
		if err := tx.QueryRow(ctx,
			`select exists (select from unsettled_cancellation where scheme = $1 and state = 'planned')`,
			run.Scheme).Scan(&planned); err != nil {
			return err
		}
		if planned {
			return nil
		}
		quiet = true
		if err := ledger.OpenWorkItems(ctx, tx, run.Scheme, page.Work); err != nil {
			return err
		}
		if err := intake.CloseUndecodable(ctx, tx, run.Scheme, page.Readable); err != nil {
			return err
		}
		if run.Reading.Failed {
			if _, err := tx.Exec(ctx, `delete from run_failure where scheme = $1`, run.Scheme); err != nil {
				return err
			}
		}
		return moveWatermark(ctx, tx, run, finish)
	})
	if err != nil {
		return false, fmt.Errorf("heartbeat: %w", err)
	}
	return quiet, nil
}

// moveWatermark sets the watermark, or makes it when this was the baseline.
func moveWatermark(ctx context.Context, tx pgx.Tx, run *ledger.Run, finish ledger.Finish) error {
	if run.Kind == ledger.Baseline {
		tag, err := tx.Exec(ctx, `
insert into watermark (scheme, watermark_time, header_time, data_center_id, environment, time_zone, effective_from,
    last_run_rows)
values (@scheme, @watermark, @header, @data_center, @environment, @zone, @effective, @rows)
on conflict (scheme) do nothing`,
			pgx.StrictNamedArgs{
				"scheme": run.Scheme, "watermark": finish.WatermarkAfter, "data_center": finish.DataCenter,
				"header":      ledger.NullTime(finish.HeaderTime),
				"environment": finish.Environment, "zone": finish.TimeZone,
				"effective": finish.EffectiveFrom, "rows": finish.RowsRead,
			})
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("scheme %s has a watermark already: %w", run.Scheme, ledger.ErrConflict)
		}
		_, err = tx.Exec(ctx, `
update scheme set mode = case when $2 then 'send' else mode end, incremental_millis = $3,
    update_time = now() where scheme = $1`,
			run.Scheme, finish.SendAtOnce, finish.IncrementalInterval.Milliseconds())
		return err
	}
	tag, err := tx.Exec(ctx, `
update watermark set watermark_time = @watermark, header_time = coalesce(@header, header_time),
    version = version + 1, time_zone = @zone, last_run_time = now(), last_run_rows = @rows
where scheme = @scheme and version = @version`,
		pgx.StrictNamedArgs{
			"scheme": run.Scheme, "watermark": finish.WatermarkAfter, "zone": finish.TimeZone, "rows": finish.RowsRead,
			"version": run.Reading.WatermarkVersion, "header": ledger.NullTime(finish.HeaderTime),
		})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("the watermark of scheme %s was moved by somebody else: %w", run.Scheme, ledger.ErrConflict)
	}
	return believeClock(ctx, tx, run, finish)
}

// clockAhead is the condition of a data centre whose clock is not believed.
func clockAhead(dataCenter, detail string) ledger.Condition {
	return ledger.Condition{Kind: rule.ConditionClockAhead, DataCenterID: dataCenter, Detail: detail}
}

// believeClock opens clock_ahead when a run found that Kingdee's clock does not fit. It ends it at once when what is
// new fits and nothing new does not, else when no run of any scheme of the data centre has found that it does not in
// two intervals. Watermarks move from the run after that.
func believeClock(ctx context.Context, tx pgx.Tx, run *ledger.Run, finish ledger.Finish) error {
	fits := run.Reading.FreshFits && !run.Reading.FreshAhead
	if run.Reading.ClockAhead && !fits {
		_, err := ledger.OpenCondition(ctx, tx, clockAhead(finish.DataCenter, run.Note))
		return err
	}
	_, err := ledger.EndConditions(ctx, tx, "the stamps fit Kingdee's clock again", `
o.kind = @kind and o.data_center_id = @center
and (@fits or o.last_seen < now() - greatest(interval '10 seconds', 2 * (
    select s.incremental_millis * interval '1 millisecond' from scheme s where s.scheme = @scheme)))`,
		pgx.StrictNamedArgs{
			"kind": rule.ConditionClockAhead, "center": finish.DataCenter, "scheme": run.Scheme, "fits": fits,
		})
	return err
}
