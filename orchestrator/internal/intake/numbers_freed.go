package intake

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// IsNumberLive is true of an outcome e that counts, and says that a live bill carries the number.
const IsNumberLive = `e.revoke_time is null and e.state = 'withdrawn' and e.outcome = 'number_live'`

// NumbersFreed makes cancellations due for another look whose number a bill of this page carried, or may have, and does
// not carry live now. before are the numbers that the ledger had of the page's bills.
func NumbersFreed(
	ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite, before map[int64]string,
) error {
	var numbers []string
	for _, b := range bills {
		now := ledger.CleanText(b.After.State.Number)
		if was := before[b.After.State.ID]; was != "" && was != now {
			numbers = append(numbers, was)
		}
		if !b.After.State.Live() || !b.After.GoneTime.IsZero() {
			numbers = append(numbers, now)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
update outcome e set due_time = now()
from scheme s join scheme o using (data_center_id) join cancellation c on c.scheme = o.scheme
where s.scheme = $1 and c.bill_no = any($2) and e.cancellation_id = c.cancellation_id
  and `+IsNumberLive, scheme, numbers)
	return err
}
