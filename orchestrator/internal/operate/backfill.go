package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

type backfillParameters struct {
	From          *time.Time `json:"from_time,omitempty"`
	To            *time.Time `json:"to_time,omitempty"`
	Numbers       []string   `json:"numbers,omitempty"`
	PlanOnly      bool       `json:"plan_only,omitempty"`
	BeforeCutover bool       `json:"before_cutover,omitempty"`
}

// StartBackfill stores what a person asks to be read again, and answers its id; its first job belongs into the same
// transaction. A range without an end ends now. A scheme that is stopped or retired is ledger.ErrStopped.
func (s *Operator) StartBackfill(
	ctx context.Context, tx pgx.Tx, act ledger.Act, order ledger.BackfillOrder,
) (id int64, err error) {
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return 0, err
	}
	if err := notRetired(ctx, tx, act.Scheme); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
with begun as (
    insert into run (scheme, kind, revision, asked)
    select s.scheme, 'backfill', s.revision, true
    from scheme s
    where s.scheme = @scheme and not exists (`+ledger.StopReason+`)
    returning run_id
)
insert into run_backfill (run_id, plan_only, before_cutover, from_time, to_time, numbers, actor, reason)
select run_id, @plan_only, @before_cutover, @from::timestamptz,
    coalesce(@to, case when @from::timestamptz is not null then now() end), @numbers, @actor, @reason
from begun
returning run_id`, pgx.StrictNamedArgs{
		"scheme": act.Scheme, "plan_only": order.PlanOnly, "before_cutover": order.BeforeCutover,
		"from": ledger.NullTime(order.From), "to": ledger.NullTime(order.To), "numbers": order.Numbers,
		"actor": act.Actor, "reason": ledger.CleanText(act.Reason),
	}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("scheme %s: %w", act.Scheme, ledger.ErrStopped)
	}
	if err != nil {
		return 0, err
	}
	_, err = record(ctx, tx, ledger.StartBackfill, act, backfillParameters{
		From: ledger.NullTime(order.From.UTC()), To: ledger.NullTime(order.To.UTC()), Numbers: order.Numbers,
		PlanOnly: order.PlanOnly, BeforeCutover: order.BeforeCutover,
	}, backfillStarted{id})
	return id, err
}

// backfillStarted is what starting one came to.
type backfillStarted struct {
	Run int64 `json:"run_id"`
}

// notRetired refuses what is asked of a scheme that is retired: it is ledger.ErrStopped.
func notRetired(ctx context.Context, tx pgx.Tx, scheme string) error {
	var active bool
	if err := tx.QueryRow(ctx, `select active from scheme where scheme = $1`, scheme).Scan(&active); err != nil {
		return err
	}
	if !active {
		return fmt.Errorf("scheme %s is retired (该方案已停用): %w", scheme, ledger.ErrStopped)
	}
	return nil
}

type applyParameters struct {
	Run      int64 `json:"run_id"`
	MaxCount int64 `json:"max_count,omitempty"`
}

// ApplyBackfill lets a plan be carried out; its first job belongs into the same transaction. The error is a
// *ledger.CapError when it would owe more than maxCount (0 = any number), a *ledger.StateError when it is not a plan
// that waits for that, a *ledger.KindError when the run is no backfill.
func (s *Operator) ApplyBackfill(ctx context.Context, tx pgx.Tx, act ledger.Act, id, maxCount int64) error {
	act, state, err := lockBackfill(ctx, tx, act, id)
	if err != nil {
		return err
	}
	if state != ledger.RunPlanned {
		return &ledger.StateError{ID: id, State: state}
	}
	standing, err := ledger.StandingIn(ctx, tx, act.Scheme)
	if err != nil {
		return err
	}
	if standing.Stopped {
		return ledger.ErrStopped
	}
	var count int64
	if err := tx.QueryRow(ctx, `
select count(*) from backfill_item
where run_id = $1 and state in ('new', 'held') and cancellation_id is null`, id).Scan(&count); err != nil {
		return err
	}
	if maxCount > 0 && count > maxCount {
		return &ledger.CapError{Count: count, Max: maxCount}
	}
	if _, err := tx.Exec(ctx, `
update run set version = version + 1, state = 'applying', cursor_id = 0, error = '' where run_id = $1`,
		id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update run_backfill set failures = 0, not_before = now() where run_id = $1`,
		id); err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.ApplyBackfill, act, applyParameters{id, maxCount}, counted{count})
	return err
}

type cancelParameters struct {
	Run int64 `json:"run_id"`
}

// CancelBackfill ends a backfill that has not ended; what it has owed stays owed. The error is a *ledger.StateError
// when it has, a *ledger.KindError when the run is no backfill: any other begins again by itself.
func (s *Operator) CancelBackfill(ctx context.Context, tx pgx.Tx, act ledger.Act, id int64) error {
	act, state, err := lockBackfill(ctx, tx, act, id)
	if err != nil {
		return err
	}
	if state.Ended() {
		return &ledger.StateError{ID: id, State: state}
	}
	if _, err := tx.Exec(ctx, `
with cancelled as (
    update run set version = version + 1, state = 'cancelled', end_time = now(), error = '' where run_id = $1
    returning run_id, scheme, kind, state
), told as (`+ledger.RunEvents("cancelled")+`
)
select from cancelled`,
		id); err != nil {
		return err
	}
	_, err = record(ctx, tx, ledger.CancelBackfill, act, cancelParameters{id}, counted{})
	return err
}

// lockBackfill locks a backfill and its scheme for an act, which then names the scheme; ledger.ErrNotFound when there
// is no such run, a *ledger.KindError when it is no backfill.
func lockBackfill(
	ctx context.Context, tx pgx.Tx, act ledger.Act, id int64,
) (_ ledger.Act, state ledger.RunState, err error) {
	var kind ledger.RunKind
	err = tx.QueryRow(ctx, `select scheme, kind from run where run_id = $1`, id).Scan(&act.Scheme, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return act, "", fmt.Errorf("run %d: %w", id, ledger.ErrNotFound)
	}
	if err != nil {
		return act, "", err
	}
	if kind != ledger.Backfill {
		return act, "", &ledger.KindError{ID: id, Kind: kind}
	}
	if _, err := lockAlone(ctx, tx, act.Scheme); err != nil {
		return act, "", err
	}
	err = tx.QueryRow(ctx, `select state from run where run_id = $1 for update`, id).Scan(&state)
	return act, state, err
}
