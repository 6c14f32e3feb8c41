package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// The acts, as recorded.
const (
	verbSetMode       = "set_mode"
	verbResume        = "resume"
	verbRelease       = "release"
	verbStartRun      = "start_run"
	verbPause         = "pause"
	verbStopAll       = "stop_all"
	verbResumeAll     = "resume_all"
	verbMoveWatermark = "move_watermark"
)

// performed is what an act came to: what operator_action.result holds, and a repeated call answers again.
type performed struct {
	Count int64 `json:"count"`
	// Time is when it was done.
	Time time.Time `json:"-"`
}

// perform does an act once. In one transaction it locks the scheme, answers a repeated request id with what the act came to the
// first time, and otherwise does it and records it. do gets the scheme's mode as it is under the lock.
func (s *Store) perform(ctx context.Context, verb string, act ledger.Act, parameters any, do func(tx pgx.Tx, mode string) (int64, error)) (performed, error) {
	var result performed
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var mode string
		err := tx.QueryRow(ctx, `select mode from scheme where scheme = $1 for update`, act.Scheme).Scan(&mode)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("scheme %s: %w", act.Scheme, ledger.ErrNotFound)
		}
		if err != nil {
			return err
		}
		var found bool
		if result, found, err = recall(ctx, tx, verb, act, parameters); found || err != nil {
			return err
		}
		if result.Count, err = do(tx, mode); err != nil {
			return err
		}
		result.Time, err = record(ctx, tx, verb, act, parameters, result)
		return err
	})
	if ledger.Violates(err, "operator_action_request") {
		// Two calls with one id for two schemes at the same moment: the locks did not keep them apart, the index does.
		err = ledger.ErrRequestIDReused
	}
	if err != nil {
		return performed{}, fmt.Errorf("%s: %w", verb, faultOf(err))
	}
	return result, nil
}

// queryer is a pool or a transaction.
type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// recall answers what the act with this request id came to, if there was one.
func recall(ctx context.Context, db queryer, verb string, act ledger.Act, parameters any) (performed, bool, error) {
	if act.RequestID == "" {
		return performed{}, false, nil
	}
	content, err := json.Marshal(parameters)
	if err != nil {
		return performed{}, false, err
	}
	var same bool
	var done performed
	err = db.QueryRow(ctx, `
select verb = @verb and coalesce(scheme, '') = @scheme and reason = @reason and parameters = @parameters::jsonb, (result->>'count')::bigint, create_time
from operator_action
where request_id = @request_id`, pgx.StrictNamedArgs{
		"verb": verb, "scheme": act.Scheme, "reason": act.Reason, "parameters": content, "request_id": act.RequestID,
	}).Scan(&same, &done.Count, &done.Time)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return performed{}, false, nil
	case err != nil:
		return performed{}, false, err
	case !same:
		return performed{}, false, ledger.ErrRequestIDReused
	}
	return done, true, nil
}

func record(ctx context.Context, tx pgx.Tx, verb string, act ledger.Act, parameters any, result performed) (time.Time, error) {
	var at time.Time
	err := tx.QueryRow(ctx, `
insert into operator_action (actor, verb, scheme, reason, request_id, parameters, result)
values (@actor, @verb, nullif(@scheme, ''), @reason, nullif(@request_id, ''), @parameters, @result)
returning create_time`, pgx.StrictNamedArgs{
		"actor": act.Actor, "verb": verb, "scheme": act.Scheme, "reason": act.Reason, "request_id": act.RequestID,
		"parameters": parameters, "result": result,
	}).Scan(&at)
	return at, err
}
