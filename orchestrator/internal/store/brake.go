package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// neverLanded is true of a cancellation that nothing in the WMS can have come of: nothing is in flight, and whatever was tried was
// not sent or refused.
const neverLanded = `not maybe_landed and claim_until is null`

// closeBrakeWork closes the scheme's brake_tripped once no debt waits behind a brake any longer, and says whether it did.
func closeBrakeWork(ctx context.Context, tx pgx.Tx, scheme, reason string) (bool, error) {
	tag, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = $2
where scheme = $1 and kind = 'brake_tripped' and close_time is null
  and not exists (select from cancellation c where c.scheme = $1 and c.state = 'held' and c.hold_reason in ('brake_hour', 'brake_day'))`,
		scheme, reason)
	return tag.RowsAffected() > 0, err
}
