package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DoneAndLive finds those of the cancellations @ids that are done although the ledger knows their bill live, unless a
// person was told before: @kind is restored_after_cancel.
const DoneAndLive = `
from cancellation_now c join bill b using (scheme, bill_id)
where c.cancellation_id = any(@ids) and c.state = 'done'
  and b.document_status = 'C' and b.cancel_status = 'A' and b.gone_time is null
  and not exists (select from work_item w
                  where w.cancellation_id = c.cancellation_id and w.cancellation_id <> 0 and w.kind = @kind)`

// ForgetUnsent lets the time in which nothing could be sent begin anew: while the scheme was at rest nobody tried.
func ForgetUnsent(ctx context.Context, tx pgx.Tx, scheme string) error {
	_, err := tx.Exec(ctx, `
update unsettled_cancellation set `+ForgetUnsentColumns+`
where scheme = $1 and state = 'open' and (unsent_since is not null or unread_since is not null)`, scheme)
	return err
}

// ForgetUnsentOf is forgetUnsent for the schemes that a query finds.
func ForgetUnsentOf(ctx context.Context, tx pgx.Tx, query string, args ...any) error {
	rows, err := tx.Query(ctx, query+` order by scheme`, args...)
	if err != nil {
		return err
	}
	schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, scheme := range schemes {
		if err := ForgetUnsent(ctx, tx, scheme); err != nil {
			return err
		}
	}
	return nil
}
