package remap

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// FormerRows decides bills anew whose ids show others by now. Safe for concurrent use.
type FormerRows struct{ pool *pgxpool.Pool }

// NewFormerRows reaches them through a pool that ledger.Open made.
func NewFormerRows(pool *pgxpool.Pool) *FormerRows { return &FormerRows{pool} }

// TakeUpFormer does for bills whose ids show others by now what reading them again does for any other, because no read
// shows them: what was withdrawn of one that is to be read again, since another bill claimed its order or its warehouse
// had been taken out, is owed anew, as the newest revision names it. Nobody can take a void of such a bill back; where
// it was only counted as deleted, what is owed for that is held, as it was before. The run that asks opens what is
// planned. standing is the scheme as the run knows it; the error is ledger.ErrConflict where it has moved on.
func (s *FormerRows) TakeUpFormer(ctx context.Context, e intake.Entry, standing ledger.Scheme) error {
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
select bill_id from bill
where scheme = $1 and bill_id < 0 and reread_time <= now()
order by bill_id
for update`, e.Name)
		if err != nil {
			return err
		}
		bills, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(bills) == 0 {
			return err
		}
		if err := intake.StillNewest(ctx, tx, e.Name, e.Revision, standing.SendSince); err != nil {
			return err
		}
		found, err := concerned(ctx, tx,
			`case when b.cancel_status = 'B' then '' else $3 end as hold_reason, null::timestamptz as not_before`,
			`bill b join cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join outcome e on e.cancellation_id = c.cancellation_id`, `b.scheme = $1 and b.bill_id = any($2)
  and c.question = 0 and c.generation = b.generation and e.revoke_time is null and e.state = 'withdrawn'
  and e.outcome in ('order_claimed', 'not_in_scheme')
  and (b.cancel_status = 'B' or 'deleted' = any(c.triggers))`, e.Name, bills, string(rule.HoldManyGone))
		if err != nil {
			return err
		}
		policy := e.Policy(time.Time{}, nil)
		page := ledger.Page{}
		for _, r := range found {
			c, mapped, err := named(e, policy, r)
			if err != nil {
				return err
			}
			if mapped {
				page.Cancellations = append(page.Cancellations, c)
			}
		}
		if err := ledger.PlanCancellations(ctx, tx, &ledger.Run{Scheme: e.Name, Revision: e.Revision},
			&page); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
update bill set reread_time = null where scheme = $1 and bill_id = any($2)`, e.Name, bills)
		return err
	})
	if err != nil {
		return fmt.Errorf("take up former bills: %w", err)
	}
	return nil
}
