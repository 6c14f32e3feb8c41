package intake

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// safetyLimitOpen answers which safety limit of the scheme is reached and not released yet; empty when none is. What
// reached a safety limit may have left its rolling hour: what is new is held all the same until a person has looked.
func safetyLimitOpen(ctx context.Context, tx pgx.Tx, scheme string) (rule.HoldReason, error) {
	var reason string
	err := tx.QueryRow(ctx, `
select reason from condition where scheme = $1 and kind = $2 and end_time is null order by condition_id limit 1`,
		scheme, rule.ConditionSafetyLimit).Scan(&reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return rule.HoldReason(reason), err
}

// EndSafetyLimits ends the scheme's conditions safety_limit behind which no cancellation waits any longer.
func EndSafetyLimits(ctx context.Context, tx pgx.Tx, scheme, why string) error {
	_, err := ledger.EndConditions(ctx, tx, why, `o.scheme = @scheme and o.kind = @kind
  and not exists (select from unsettled_cancellation c where c.scheme = @scheme and `+ledger.BehindLimit+`
                    and c.hold_reason = o.reason)`,
		pgx.StrictNamedArgs{"scheme": scheme, "kind": rule.ConditionSafetyLimit})
	return err
}
