package intake

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// safetyLimitOpen answers why a safety limit of the scheme reached that nobody has released yet; empty when none
// did. What reached a safety limit may have left its rolling hour: what is new is held all the same until a
// person has looked.
func safetyLimitOpen(ctx context.Context, tx pgx.Tx, scheme string) (rule.HoldReason, error) {
	var reason string
	err := tx.QueryRow(ctx, `
select coalesce(nullif(subject, ''), $3)
from work_item
where scheme = $1 and kind = $2 and close_time is null
order by work_item_id
limit 1`, scheme, string(rule.WorkSafetyLimit), string(rule.HoldSafetyLimitHour)).Scan(&reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return rule.HoldReason(reason), err
}

// CloseSafetyLimitWork closes the scheme's safety_limit_reached once no cancellation waits behind that safety limit any
// longer.
func CloseSafetyLimitWork(ctx context.Context, tx pgx.Tx, scheme, reason string) error {
	return ledger.CloseWorkItems(ctx, tx, reason, `w.scheme = @scheme and w.kind = @kind
  and not exists (select from unsettled_cancellation c where c.scheme = @scheme and `+ledger.BehindLimit+`
                    and w.subject in ('', c.hold_reason))`,
		pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkSafetyLimit)})
}
