package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Postpone makes cancellations that could not even be handed over due again after wait; no attempt is used up. When
// nothing could be sent for limit they are parked for a person.
func (s *Store) Postpone(ctx context.Context, ids []int64, wait, limit time.Duration, why string) error {
	if _, err := s.pool.Exec(ctx, `
with moved as (
    update cancellation
    set unsent_since = coalesce(unsent_since, now()), due_time = now() + @wait, slice_until = null, update_time = now(),
        state = case when unsent_since < now() - @limit::interval then 'parked' else state end
    where cancellation_id = any(@ids) and state = 'open' and claim_until is null
    returning scheme, bill_id, bill_no, cancellation_id, state
)
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, detail)
select scheme, @kind, bill_id, bill_no, cancellation_id, @why from moved where state = 'parked'
on conflict do nothing`,
		pgx.StrictNamedArgs{"ids": ids, "wait": wait, "limit": limit, "kind": string(rule.WorkNotSent), "why": clean(why)}); err != nil {
		return fmt.Errorf("postpone: %w", err)
	}
	return nil
}
