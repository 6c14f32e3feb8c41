package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// What a settlement takes: the end of a run everything that is planned; a look outside passes only what it planned
// itself in this transaction. What a run that is under way has planned waits for its run counts, 2 minutes at the most.
const (
	PlannedByAll = `true`
	plannedHere  = `exists (select from cancellation f
    where f.cancellation_id = c.cancellation_id and f.run_id is null)`
)

// plannedBefore is what was planned long ago. Nobody waits for a row: one that somebody decides anew just now is
// not what was planned any more.
const plannedBefore = `c.cancellation_id in (select p.cancellation_id from unsettled_cancellation p
    where p.scheme = $1 and p.state = 'planned' and p.update_time <= now() - interval '` + longPlanned + `'
    for update skip locked)`

// longPlanned is how long what a run has planned waits for its end. A dispatch opens it then, some seconds later at
// the most: 2 minutes in all, also where the host that reads was killed.
const longPlanned = `90 seconds`

// LongPlanned answers the schemes of which something was planned so long ago that it waits for the end of its run no
// longer. A baseline's waits: only its end says whether the scheme sends.
func (s *BillRows) LongPlanned(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
select distinct c.scheme
from unsettled_cancellation c join watermark w using (scheme)
where c.state = 'planned' and c.update_time <= now() - interval '`+longPlanned+`'
order by c.scheme`)
	if err != nil {
		return nil, fmt.Errorf("read what was planned long ago: %w", err)
	}
	schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read what was planned long ago: %w", err)
	}
	return schemes, nil
}

// OpenLongPlanned opens what the scheme's run under way planned long ago, behind the safety limits, as its end would.
func (s *BillRows) OpenLongPlanned(
	ctx context.Context, scheme string, safetyLimits rule.SafetyLimits,
) (ledger.Finished, error) {
	var finished ledger.Finished
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		finished, err = OpenPlanned(ctx, tx, scheme, safetyLimits, plannedBefore)
		return err
	})
	if err != nil {
		return finished, fmt.Errorf("open what was planned long ago: %w", err)
	}
	return finished, nil
}

// CountDecided counts what was decided in the last hour and since the cutover, $2, at most $3 of it. The cutover is a
// value and not read here, so that Postgres knows how little that is; for a cutover that it does not know it expects a
// third of all that was ever decided.
const CountDecided = `
with counted as (
    (select decide_time from unsettled_cancellation
     where scheme = $1 and decide_time > $2 order by decide_time desc limit $3)
    union all
    (select decide_time from outcome
     where scheme = $1 and decide_time > $2 and revoke_time is null order by decide_time desc limit $3)
    order by decide_time desc
    limit $3
)
select count(*) filter (where decide_time > now() - interval '1 hour'), count(*) from counted`

// OpenPlanned turns planned cancellations of the scheme into open, held or dry_run, and reaches the safety limits. of
// says which ones.
func OpenPlanned(
	ctx context.Context, tx pgx.Tx, scheme string, safetyLimits rule.SafetyLimits, of string,
) (ledger.Finished, error) {
	var finished ledger.Finished
	var mode string
	var lastHour, lastDay, fresh int64
	// Settlements follow each other. The weaker lock, since both have shared the row by their foreign keys already:
	// neither could have the stronger one.
	var cutover time.Time
	if err := tx.QueryRow(ctx, `
select mode, greatest(coalesce(safety_limit_reset_time, '-infinity'), now() - interval '1 day')
from scheme where scheme = $1 for no key update`,
		scheme).Scan(&mode, &cutover); err != nil {
		return finished, err
	}
	if mode == "dry_run" {
		var err error
		finished.DryRun, err = ledger.EndPlanAsDryRun(ctx, tx, scheme, of)
		return finished, err
	}
	if err := tx.QueryRow(ctx, CountDecided, scheme, cutover,
		safetyLimits.PerDay+1).Scan(&lastHour, &lastDay); err != nil {
		return finished, err
	}
	if err := tx.QueryRow(ctx, `
select count(*) from unsettled_cancellation c where scheme = $1 and state = 'planned' and hold_reason = ''
  and question = 0 and `+of,
		scheme).Scan(&fresh); err != nil {
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
	finished.Opened, err = ledger.OpenPlan(ctx, tx, scheme, of)
	return finished, err
}

// reachSafetyLimit holds everything of the scheme that cannot have reached the WMS, and tells a person.
func reachSafetyLimit(ctx context.Context, tx pgx.Tx, scheme string, reason rule.HoldReason, fresh int64) error {
	if err := ledger.HoldAtLimit(ctx, tx, scheme, reason); err != nil {
		return err
	}
	_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
		Kind: rule.ConditionSafetyLimit, Scheme: scheme, Reason: string(reason), Detail: fmt.Sprintf("%d new", fresh),
	})
	return err
}
