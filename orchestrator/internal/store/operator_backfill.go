package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	verbStartBackfill  = "start_backfill"
	verbApplyBackfill  = "apply_backfill"
	verbCancelBackfill = "cancel_backfill"
)

type backfillParameters struct {
	From          *time.Time `json:"from_time,omitempty"`
	To            *time.Time `json:"to_time,omitempty"`
	Numbers       []string   `json:"numbers,omitempty"`
	PlanOnly      bool       `json:"plan_only,omitempty"`
	BeforeCutover bool       `json:"before_cutover,omitempty"`
}

// StartBackfill stores what a person asks to be read again, and answers its id. A range without an end ends now. also runs in the same
// transaction (to insert the first job); it gets no call for a request id that was used before. A stopped scheme is
// ledger.ErrStopped.
func (s *Store) StartBackfill(ctx context.Context, act ledger.Act, order ledger.BackfillOrder, also func(pgx.Tx, int64) error) (int64, error) {
	parameters := backfillParameters{
		From: ledger.NullTime(order.From.UTC()), To: ledger.NullTime(order.To.UTC()), Numbers: order.Numbers, PlanOnly: order.PlanOnly, BeforeCutover: order.BeforeCutover,
	}
	done, err := s.perform(ctx, verbStartBackfill, act, parameters, func(tx pgx.Tx, _ string) (int64, error) {
		var id int64
		err := tx.QueryRow(ctx, `
insert into backfill (scheme, plan_only, before_cutover, from_time, to_time, numbers, revision, actor, reason)
select s.scheme, @plan_only, @before_cutover, @from::timestamptz, coalesce(@to, case when @from::timestamptz is not null then now() end), @numbers, s.revision,
    @actor, @reason
from scheme s where s.scheme = @scheme and s.state = 'running'
returning backfill_id`, pgx.StrictNamedArgs{
			"scheme": act.Scheme, "plan_only": order.PlanOnly, "before_cutover": order.BeforeCutover, "from": ledger.NullTime(order.From), "to": ledger.NullTime(order.To),
			"numbers": order.Numbers, "actor": act.Actor, "reason": ledger.CleanText(act.Reason),
		}).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, fmt.Errorf("scheme %s: %w", act.Scheme, ledger.ErrStopped)
		}
		if err != nil {
			return 0, err
		}
		return id, also(tx, id)
	})
	return done.Count, err
}

type applyParameters struct {
	Backfill int64 `json:"backfill_id"`
	MaxCount int64 `json:"max_count,omitempty"`
}

// ApplyBackfill lets a plan be carried out. The error is a *ledger.CapError when it would owe more than maxCount (0 = any number), a
// *ledger.StateError when it is not a plan that waits for that.
func (s *Store) ApplyBackfill(ctx context.Context, act ledger.Act, id, maxCount int64, also func(pgx.Tx) error) error {
	return s.actOnBackfill(ctx, verbApplyBackfill, act, id, applyParameters{Backfill: id, MaxCount: maxCount}, func(tx pgx.Tx, state ledger.BackfillState) (int64, error) {
		if state != ledger.BackfillPlanned {
			return 0, &ledger.StateError{Subject: "backfill_id", ID: id, State: string(state)}
		}
		var stopped bool
		if err := tx.QueryRow(ctx, `select s.state = 'stopped' from scheme s join backfill b using (scheme) where b.backfill_id = $1`, id).Scan(&stopped); err != nil {
			return 0, err
		}
		if stopped {
			return 0, ledger.ErrStopped
		}
		var count int64
		if err := tx.QueryRow(ctx, `
select count(*) from backfill_item
where backfill_id = $1 and state in ('new', 'held') and cancellation_id is null`, id).Scan(&count); err != nil {
			return 0, err
		}
		if maxCount > 0 && count > maxCount {
			return 0, &ledger.CapError{Count: count, Max: maxCount}
		}
		if _, err := tx.Exec(ctx, `
update backfill set state = 'applying', cursor_id = 0, error = '', failures = 0, not_before = now(), update_time = now()
where backfill_id = $1`, id); err != nil {
			return 0, err
		}
		return count, also(tx)
	})
}

type cancelParameters struct {
	Backfill int64 `json:"backfill_id"`
}

// CancelBackfill ends a backfill that has not ended; what it has owed stays owed. The error is a *ledger.StateError when it has.
func (s *Store) CancelBackfill(ctx context.Context, act ledger.Act, id int64) error {
	return s.actOnBackfill(ctx, verbCancelBackfill, act, id, cancelParameters{Backfill: id}, func(tx pgx.Tx, state ledger.BackfillState) (int64, error) {
		switch state {
		case ledger.BackfillRunning, ledger.BackfillPlanned, ledger.BackfillApplying:
		default:
			return 0, &ledger.StateError{Subject: "backfill_id", ID: id, State: string(state)}
		}
		_, err := tx.Exec(ctx, `
update backfill set state = 'cancelled', end_time = now(), error = '', update_time = now() where backfill_id = $1`, id)
		return 0, err
	})
}

// actOnBackfill performs an act of a backfill's scheme with the backfill locked.
func (s *Store) actOnBackfill(ctx context.Context, verb string, act ledger.Act, id int64, parameters any, do func(pgx.Tx, ledger.BackfillState) (int64, error)) error {
	err := s.pool.QueryRow(ctx, `select scheme from backfill where backfill_id = $1`, id).Scan(&act.Scheme)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("backfill %d: %w", id, ledger.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", verb, faultOf(err))
	}
	_, err = s.perform(ctx, verb, act, parameters, func(tx pgx.Tx, _ string) (int64, error) {
		var state ledger.BackfillState
		if err := tx.QueryRow(ctx, `select state from backfill where backfill_id = $1 for update`, id).Scan(&state); err != nil {
			return 0, err
		}
		return do(tx, state)
	})
	return err
}
