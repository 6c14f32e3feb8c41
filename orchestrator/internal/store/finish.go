package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// heartbeat moves the watermark of an incremental run that found nothing. It answers false when planned cancellations of an earlier run wait for a
// complete one.
func (s *Store) heartbeat(ctx context.Context, run *ledger.Run, page ledger.Page, finish ledger.Finish) (bool, error) {
	runCounts := run.RunCounts
	runCounts.Add(page.RunCounts)
	if err := runCounts.Check(); err != nil {
		return false, err
	}
	quiet := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var planned bool
		if err := tx.QueryRow(ctx, `select exists (select from unsettled_cancellation where scheme = $1 and state = 'planned')`, run.Scheme).Scan(&planned); err != nil {
			return err
		}
		if planned {
			return nil
		}
		quiet = true
		if err := ledger.OpenWorkItems(ctx, tx, run.Scheme, page.Work); err != nil {
			return err
		}
		if err := closeUndecodable(ctx, tx, run.Scheme, page.Readable); err != nil {
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
insert into watermark (scheme, watermark_time, data_center_id, environment, time_zone, effective_from, last_run_rows)
values (@scheme, @watermark, @data_center, @environment, @zone, @effective, @rows)
on conflict (scheme) do nothing`,
			pgx.StrictNamedArgs{
				"scheme": run.Scheme, "watermark": finish.WatermarkAfter, "data_center": finish.DataCenter, "environment": finish.Environment,
				"zone": finish.TimeZone, "effective": finish.EffectiveFrom, "rows": finish.RowsRead,
			})
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("scheme %s has a watermark already: %w", run.Scheme, ledger.ErrConflict)
		}
		_, err = tx.Exec(ctx, `
update scheme set mode = case when $2 then 'send' else mode end, incremental_millis = $3, update_time = now() where scheme = $1`,
			run.Scheme, finish.SendAtOnce, finish.IncrementalInterval.Milliseconds())
		return err
	}
	tag, err := tx.Exec(ctx, `
update watermark set watermark_time = @watermark, version = version + 1, time_zone = @zone, last_run_time = now(), last_run_rows = @rows
where scheme = @scheme and version = @version`,
		pgx.StrictNamedArgs{
			"scheme": run.Scheme, "watermark": finish.WatermarkAfter, "zone": finish.TimeZone, "rows": finish.RowsRead, "version": run.Reading.WatermarkVersion,
		})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("the watermark of scheme %s was moved by somebody else: %w", run.Scheme, ledger.ErrConflict)
	}
	if run.Reading.ClockSuspect {
		return nil
	}
	return ledger.CloseSchemeKind(ctx, tx, run.Scheme, rule.WorkClockSuspect, "the clocks fit again")
}

// What a settlement takes: the end of a run everything that is planned; a look outside passes only what it planned itself in this
// transaction, since what a run has planned waits for that run's run counts and watermark.
const (
	plannedByAll = `true`
	plannedHere  = `exists (select from cancellation f where f.cancellation_id = c.cancellation_id and f.run_id is null)`
)

// countDecided counts what was decided in the last hour and since the cutover, $2, at most $3 of it. The cutover is a value and not read
// here, so that Postgres knows how little that is; for a cutover that it does not know it expects a third of all that was ever decided.
const countDecided = `
with counted as (
    (select decide_time from unsettled_cancellation where scheme = $1 and decide_time > $2 order by decide_time desc limit $3)
    union all
    (select decide_time from outcome where scheme = $1 and decide_time > $2 and revoke_time is null order by decide_time desc limit $3)
    order by decide_time desc
    limit $3
)
select count(*) filter (where decide_time > now() - interval '1 hour'), count(*) from counted`

// openPlanned turns planned cancellations of the scheme into open, held or dry_run, and reaches the safety limits. of says which ones.
func openPlanned(ctx context.Context, tx pgx.Tx, scheme string, safetyLimits rule.SafetyLimits, of string) (ledger.Finished, error) {
	var finished ledger.Finished
	var mode string
	var active bool
	var lastHour, lastDay, fresh int64
	// Settlements follow each other. The weaker lock, since both have shared the row by their foreign keys already: neither could have
	// the stronger one.
	var cutover time.Time
	if err := tx.QueryRow(ctx, `
select mode, active, greatest(coalesce(safety_limit_reset_time, '-infinity'), now() - interval '1 day') from scheme where scheme = $1 for no key update`,
		scheme).Scan(&mode, &active, &cutover); err != nil {
		return finished, err
	}
	if mode == "dry_run" {
		var err error
		finished.DryRun, err = ledger.EndPlanAsDryRun(ctx, tx, scheme, of)
		return finished, err
	}
	if err := tx.QueryRow(ctx, countDecided, scheme, cutover, safetyLimits.PerDay+1).Scan(&lastHour, &lastDay); err != nil {
		return finished, err
	}
	if err := tx.QueryRow(ctx, `
select count(*) from unsettled_cancellation c where scheme = $1 and state = 'planned' and hold_reason = '' and `+of, scheme).Scan(&fresh); err != nil {
		return finished, err
	}
	if finished.Reached = safetyLimits.Trip(lastHour, lastDay, fresh); finished.Reached == "" && fresh > 0 {
		var err error
		if finished.Reached, err = safetyLimitOpen(ctx, tx, scheme); err != nil {
			return finished, err
		}
	}
	if finished.Reached != "" {
		if err := reachSafetyLimit(ctx, tx, scheme, finished.Reached, fresh); err != nil {
			return finished, err
		}
	}
	var err error
	if finished.Held, err = ledger.HoldPlan(ctx, tx, scheme, of); err != nil {
		return finished, err
	}
	if err := ledger.HoldWork(ctx, tx, scheme); err != nil {
		return finished, err
	}
	if finished.Opened, err = ledger.OpenPlan(ctx, tx, scheme, of); err != nil || active {
		return finished, err
	}
	// Another orchestrator has loaded a file without this scheme: it is still read here, and nobody sends.
	return finished, ledger.InactiveWork(ctx, tx)
}

// reachSafetyLimit holds everything of the scheme that cannot have reached the WMS, and tells a person.
func reachSafetyLimit(ctx context.Context, tx pgx.Tx, scheme string, reason rule.HoldReason, fresh int64) error {
	if err := ledger.HoldAtLimit(ctx, tx, scheme, reason); err != nil {
		return err
	}
	return ledger.OpenWorkItems(ctx, tx, scheme, []ledger.Work{{Kind: rule.WorkSafetyLimit, Subject: string(reason), Detail: fmt.Sprintf("%d new", fresh)}})
}
