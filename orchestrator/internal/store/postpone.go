package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Postpone makes cancellations that could not even be handed over due again, after wait at first and then as long as that has been so,
// at most five waits and half of it as jitter; no attempt is used up. Time counts only while the WMS answers somebody else of the
// account: after limit of such time they waits for a person for a person.
func (s *Store) Postpone(ctx context.Context, ids []int64, wait, limit time.Duration, why string) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		return openFound(ctx, tx, `
with unsent as (
    select c.cancellation_id, coalesce(c.unsent_since, now()) as since,
           c.unsent_for + case when exists (select from wms_answer w where w.account = c.account and w.answer_time > c.unsent_time)
               then least(now() - c.unsent_time, @pause::interval) else interval '0' end as counted
    from cancellation c
    where c.cancellation_id = any(@ids)
), moved as (
    update cancellation c
    set unsent_since = u.since, unsent_time = now(), unsent_for = u.counted, batch_until = null, update_time = now(),
        due_time = now() + least(greatest(now() - u.since, @wait::interval), 5 * @wait::interval) * (1 + random() / 2),
        state = case when u.counted > @limit::interval then 'needs_attention' else c.state end
    from unsent u
    where c.cancellation_id = u.cancellation_id and c.state = 'open' and c.lease_until is null
    returning c.scheme, c.bill_id, c.bill_no, c.cancellation_id, c.state
)
select `+aboutCancellation+`, @why::text as detail from moved c where c.state = 'needs_attention'`, pgx.StrictNamedArgs{
			"ids": ids, "wait": wait, "limit": limit, "pause": rule.LongestPause, "kind": string(rule.WorkNotSent), "why": clean(why),
		})
	})
	if err != nil {
		return fmt.Errorf("postpone: %w", err)
	}
	return nil
}
