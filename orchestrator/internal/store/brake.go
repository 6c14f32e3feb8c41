package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// neverLanded is true of a cancellation that nothing in the WMS can have come of: nothing is in flight, and whatever was tried was
// not sent or refused.
const neverLanded = `not maybe_landed and claim_until is null`

// brakeOpen answers why a brake of the scheme tripped that nobody has released yet; empty when none did. What tripped a brake may
// have left its rolling hour: what is new is held all the same until a person has looked.
func brakeOpen(ctx context.Context, tx pgx.Tx, scheme string) (rule.HoldReason, error) {
	var reason string
	err := tx.QueryRow(ctx, `
select coalesce(nullif(subject, ''), $3)
from work_item
where scheme = $1 and kind = $2 and close_time is null
order by work_item_id
limit 1`, scheme, string(rule.WorkBrake), string(rule.HoldBrakeHour)).Scan(&reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return rule.HoldReason(reason), err
}

// closeBrakeWork closes the scheme's brake_tripped once no debt waits behind a brake any longer, and says whether it did.
func closeBrakeWork(ctx context.Context, tx pgx.Tx, scheme, reason string) (bool, error) {
	tag, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = $2
where scheme = $1 and kind = 'brake_tripped' and close_time is null
  and not exists (select from cancellation c where c.scheme = $1 and c.state = 'held' and c.hold_reason in ('brake_hour', 'brake_day'))`,
		scheme, reason)
	return tag.RowsAffected() > 0, err
}
