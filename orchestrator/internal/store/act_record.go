package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// carryOut does an act on single cancellations or work items once, in one transaction, and records it with its whole effect and with
// each cancellation that it changed: a repeated request id answers what the act came to the first time. do answers the effect and all
// that was changed. Nothing is recorded of a dry run, and none is remembered.
func (s *Store) carryOut(ctx context.Context, verb ledger.Verb, act ledger.Act, parameters any, b ledger.Bounds,
	do func(tx pgx.Tx) (ledger.Effect, []int64, error),
) (ledger.Effect, error) {
	var effect ledger.Effect
	once := func(tx pgx.Tx) error {
		if act.Scheme != "" {
			if err := lockScheme(ctx, tx, act.Scheme); err != nil {
				return err
			}
		}
		if !b.DryRun {
			known, found, err := recallEffect(ctx, tx, verb, act, parameters)
			if effect = known; found || err != nil {
				return err
			}
		}
		var changed []int64
		var err error
		if effect, changed, err = do(tx); err != nil || b.DryRun {
			effect.DryRun = b.DryRun
			return err
		}
		return recordEffect(ctx, tx, verb, act, parameters, effect, changed)
	}
	err := s.inTx(ctx, once)
	if ledger.Violates(err, "operator_action_request") {
		// Two calls with one id at the same moment: the other one has done it by now.
		err = s.inTx(ctx, once)
	}
	if err != nil {
		return ledger.Effect{}, fmt.Errorf("%s: %w", verb, faultOf(err))
	}
	return effect, nil
}

func lockScheme(ctx context.Context, tx pgx.Tx, scheme string) error {
	var name string
	err := tx.QueryRow(ctx, `select scheme from scheme where scheme = $1 for no key update`, scheme).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("scheme %s: %w", scheme, ledger.ErrNotFound)
	}
	return err
}

func recallEffect(ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, parameters any) (ledger.Effect, bool, error) {
	var effect ledger.Effect
	if act.RequestID == "" {
		return effect, false, nil
	}
	content, err := json.Marshal(parameters)
	if err != nil {
		return effect, false, err
	}
	var same bool
	err = tx.QueryRow(ctx, `
select verb = @verb and scheme is not distinct from nullif(@scheme, '') and reason = @reason and parameters = @parameters::jsonb, result
from operator_action
where request_id = @request_id`, pgx.StrictNamedArgs{
		"verb": string(verb), "scheme": act.Scheme, "reason": act.Reason, "parameters": content, "request_id": act.RequestID,
	}).Scan(&same, &effect)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ledger.Effect{}, false, nil
	case err != nil:
		return ledger.Effect{}, false, err
	case !same:
		return ledger.Effect{}, false, ledger.ErrRequestIDReused
	}
	return effect, true, nil
}

func recordEffect(ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, parameters any, effect ledger.Effect, changed []int64) error {
	_, err := tx.Exec(ctx, `
with done as (
    insert into operator_action (actor, verb, scheme, reason, request_id, parameters, result)
    values (@actor, @verb, nullif(@scheme, ''), @reason, nullif(@request_id, ''), @parameters, @result)
    returning operator_action_id
)
insert into operator_action_cancellation (operator_action_id, cancellation_id)
select d.operator_action_id, c from done d, unnest(@changed::bigint[]) as c`, pgx.StrictNamedArgs{
		"actor": act.Actor, "verb": string(verb), "scheme": act.Scheme, "reason": act.Reason, "request_id": act.RequestID,
		"parameters": parameters, "result": effect, "changed": changed,
	})
	return err
}
