package operate

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Pause stops sending for a scheme; it reads and withdraws all the same. A scheme that is paused already stays as it
// is, also with its reason.
func (s *Operator) Pause(ctx context.Context, tx pgx.Tx, act ledger.Act) error {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return err
	}
	paused, err := openOnce(ctx, tx, ledger.Condition{
		Kind: rule.ConditionPaused, Scheme: act.Scheme, Detail: act.Actor + ": " + act.Reason,
	})
	if err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.Pause, act, nothing{}, counted{paused})
	return err
}

// openOnce opens a condition that a person asked for, and answers how many it opened: none if it is open already, which
// then stays as it is, also with its reason.
func openOnce(ctx context.Context, tx pgx.Tx, c ledger.Condition) (int64, error) {
	var open bool
	if err := tx.QueryRow(ctx, `
select exists (select from condition where kind = $1 and coalesce(scheme, '') = $2 and end_time is null)`,
		c.Kind, c.Scheme).Scan(&open); err != nil || open {
		return 0, err
	}
	c.Anew = true
	if _, err := ledger.OpenCondition(ctx, tx, c); err != nil {
		return 0, err
	}
	return 1, nil
}

// StopAll keeps every orchestrator from sending anything, for whatever scheme, and answers since when, and how many
// attempts are in flight, which finish. When all is stopped already it stays so, since when it was.
func (s *Operator) StopAll(
	ctx context.Context, tx pgx.Tx, act ledger.Act,
) (since time.Time, inFlight int64, err error) {
	if err := lockAll(ctx, tx); err != nil {
		return time.Time{}, 0, err
	}
	if _, err := openOnce(ctx, tx, ledger.Condition{
		Kind: rule.ConditionStopAll, Detail: act.Actor + ": " + act.Reason,
	}); err != nil {
		return time.Time{}, 0, err
	}
	if err := tx.QueryRow(ctx, `
select o.since, (
    select count(*)
    from attempt a join cancellation_now c on c.cancellation_id = a.cancellation_id and c.attempt = a.attempt
    where a.disposition = '' and c.lease_until > now())
from condition o
where o.kind = $1 and o.end_time is null`, rule.ConditionStopAll).Scan(&since, &inFlight); err != nil {
		return time.Time{}, 0, err
	}
	_, err = record(ctx, tx, ledger.StopAll, act, nothing{}, counted{inFlight})
	return since.UTC(), inFlight, err
}

// ResumeAll ends StopAll, and says whether there was one. The time in which nothing could be sent does not count
// against any cancellation.
func (s *Operator) ResumeAll(ctx context.Context, tx pgx.Tx, act ledger.Act) (resumed bool, err error) {
	if err := lockAll(ctx, tx); err != nil {
		return false, err
	}
	ended, err := ledger.EndConditions(ctx, tx, act.Actor+": "+act.Reason, `o.kind = @kind`,
		pgx.StrictNamedArgs{"kind": rule.ConditionStopAll})
	if err != nil {
		return false, err
	}
	resumed = len(ended) > 0
	_, err = record(ctx, tx, ledger.ResumeAll, act, nothing{}, counted{int64(len(ended))})
	return resumed, err
}
