package push

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// numberLivePause is how long a cancellation whose number a live bill carries is left alone before Kingdee is asked
// again. What the ledger learns of the bills of that number makes it due at once.
const numberLivePause = "1 hour"

// storeNumberLive withdraws cancellations whose number a live bill carries. If an earlier request may have landed, it
// may have been that bill's order: a person's matter.
func storeNumberLive(ctx context.Context, tx pgx.Tx, scheme string, verified []ledger.Verified) error {
	bills, err := endVerified(ctx, tx, verified, string(rule.NumberLive))
	if err != nil || len(bills) == 0 {
		return err
	}
	ids, cancellations := make([]int64, 0, len(bills)), make([]int64, 0, len(bills))
	for cancellation, bill := range bills {
		ids, cancellations = append(ids, bill), append(cancellations, cancellation)
	}
	if _, err := tx.Exec(ctx, `
update outcome set due_time = now() + interval '`+numberLivePause+`'
where cancellation_id = any($1) and revoke_time is null`, cancellations); err != nil {
		return err
	}
	return ledger.OpenRestored(ctx, tx, scheme, ids)
}

// NumberLiveDue answers cancellations of a scheme that were withdrawn because a live bill carried their number, and are
// due for another look; at most limit.
func (s *Rows) NumberLiveDue(ctx context.Context, scheme string, limit int) ([]ledger.Due, error) {
	return s.dueRows(ctx, dueColumns+` from outcome e join cancellation_now c using (cancellation_id)
where e.scheme = $1 and `+intake.IsNumberLive+` and e.due_time <= now() order by e.due_time limit $2`, scheme, limit)
}

// StoreNumberRead writes what another look at such cancellations came to. Where the number is free again, or that
// cannot be confirmed, the cancellation's bill is read again by the next run: it decides, and what is owed still
// is planned anew. One whose trigger does not hold any longer is withdrawn like any other. The rest is looked at
// again later.
func (s *Rows) StoreNumberRead(ctx context.Context, scheme string, verified []ledger.Verified) error {
	var again, withdrawn []int64
	for _, v := range verified {
		switch v.Outcome {
		case rule.NoTrigger:
			withdrawn = append(withdrawn, v.ID)
		case rule.Holds, rule.Dwelling, rule.NumberTaken:
			again = append(again, v.ID)
		}
	}
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
update outcome e
set due_time = now() + interval '`+numberLivePause+`', update_time = now(),
    outcome = case when e.cancellation_id = any($2) then 'no_trigger' else e.outcome end
where e.cancellation_id = any($1) and `+intake.IsNumberLive, ids(verified), withdrawn); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
update bill b set reread_time = now()
from cancellation_now c
where c.cancellation_id = any($2) and c.state = 'withdrawn' and b.scheme = $1 and b.bill_id = c.bill_id`, scheme, again)
		return err
	})
	if err != nil {
		return fmt.Errorf("store another look at numbers: %w", err)
	}
	return nil
}
