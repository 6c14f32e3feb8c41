package intake

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// CloseHolds closes the scheme's work items that ask a person about cancellations which are held, but belong to no
// single one of them, once nothing waits for the answer any longer: many_deleted is about a whole reconcile run,
// part_was_away about a part of the scheme, no_event_time about a bill. Those of a bill that a run has only planned so
// far stay.
func CloseHolds(ctx context.Context, tx pgx.Tx, scheme, reason string) error {
	return ledger.CloseWorkItems(ctx, tx, reason, `w.scheme = @scheme and w.kind in (@many, @no_time, @away)
  and not exists (select from unsettled_cancellation c
                  where c.scheme = w.scheme and c.state = 'held' and c.hold_reason = w.kind
                    and w.bill_id in (0, c.bill_id))
  and not exists (select from unsettled_cancellation c where c.scheme = w.scheme and c.bill_id = w.bill_id
      and c.state = 'planned')`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "many": string(rule.WorkManyGone), "no_time": string(rule.WorkNoEventTime),
			"away": string(rule.WorkPartAway),
		})
}
