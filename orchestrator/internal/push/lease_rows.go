package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// LockOrders takes the locks under which it is asked who claims the orders. The transaction that writes a claim takes
// them, too. So a statement that begins with them held sees every claim that was there first, and whoever claims later
// sees the intent.
const LockOrders = `select from warehouse_order where order_id = any($1) order by order_id for no key update`

// LeaseRows finds and locks the rows one by one by their key, and judges them as they then are. Asked for in one go,
// Postgres walks the index of all open cancellations for each lease as long as its statistics know of few: with 10,000
// open, forty times the work.
const LeaseRows = `
with mine as materialized (
    select w.send_before, w.attempt as loaded_attempt, w.revision, c.attempt, c.cancellation_id, c.scheme, c.bill_id,
           c.order_id, c.account, c.state, c.lease_until, c.not_before, c.maybe_landed
    from unnest(@ids::bigint[], @orders::bigint[], @attempts::integer[], @revisions::integer[],
        @before::timestamptz[]) as w (cancellation_id, order_id, attempt, revision, send_before)
    cross join lateral (
        select d.attempt, d.cancellation_id, d.scheme, d.bill_id, d.order_id, d.account, d.state, d.lease_until,
               d.not_before, d.maybe_landed
        from unsettled_cancellation d
        where d.cancellation_id = w.cancellation_id and d.order_id = w.order_id
        for update of d skip locked) as c
), leased as (
    update unsettled_cancellation u set attempt = u.attempt + 1, lease_until = now() + @lease, update_time = now()
    from mine c join scheme s on s.scheme = c.scheme and s.revision = c.revision
    where u.cancellation_id = c.cancellation_id and c.attempt = c.loaded_attempt and c.state = 'open'
      and c.lease_until is null and (c.not_before is null or c.not_before <= now()) and ` + ledger.MaySend + `
      and not ` + ledger.IsClaimed + ` and not ` + ledger.KeptByOwner + `
      and not exists (
        select from (select k.cancellation_id from cancellation k where k.order_id = c.order_id offset 0) k
        left join outcome e on e.cancellation_id = k.cancellation_id and e.revoke_time is null
        left join shared_cancellation h on h.cancellation_id = k.cancellation_id
        where e.lease_until is not null or h.lease_until is not null)
    returning u.cancellation_id, u.attempt, c.send_before
)
insert into attempt (cancellation_id, attempt, send_before)
select cancellation_id, attempt, send_before from leased
returning cancellation_id, attempt`

// Lease writes the intents: each row that may still be sent gets its next attempt, on disk before anything is handed
// over, and is ours until lease has passed. due carries the SendBefore of each. Rows that somebody else took, also if
// it has been answered since they were loaded (a verification may take longer than a batch's hold), that were withdrawn
// or held, that are about another order by now, whose order another bill has claimed meanwhile, or doubts that it may
// go, or whose scheme has a revision since that may not act on what called for them, are not among the answer; nor
// those for whose order a request of another cancellation is without its answer, which was withdrawn since or shares
// the order by now.
func (s *Rows) Lease(ctx context.Context, due []ledger.Due, lease time.Duration) ([]ledger.Due, error) {
	ids, orders := make([]int64, len(due)), make([]int64, len(due))
	attempts, revisions := make([]int, len(due)), make([]int, len(due))
	before := make([]time.Time, len(due))
	byID := make(map[int64]ledger.Due, len(due))
	for i, d := range due {
		ids[i], orders[i], attempts[i], before[i] = d.ID, d.OrderID, d.Attempt, d.SendBefore
		revisions[i] = d.SchemeRevision
		byID[d.ID] = d
	}
	var leased []ledger.Due
	err := ledger.InKeyedTx(ctx, s.pool, func(tx pgx.Tx) error {
		leased = make([]ledger.Due, 0, len(due))
		together := &pgx.Batch{}
		together.Queue(LockOrders, orders)
		together.Queue(LeaseRows,
			pgx.StrictNamedArgs{
				"ids": ids, "orders": orders, "attempts": attempts, "revisions": revisions, "before": before,
				"lease": lease,
			})
		results := tx.SendBatch(ctx, together)
		if _, err := results.Exec(); err != nil {
			return errors.Join(err, results.Close())
		}
		rows, err := results.Query()
		if err != nil {
			return errors.Join(err, results.Close())
		}
		var id int64
		var attempt int
		_, err = pgx.ForEachRow(rows, []any{&id, &attempt}, func() error {
			d := byID[id]
			d.Attempt = attempt
			leased = append(leased, d)
			return nil
		})
		return errors.Join(err, results.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	return leased, nil
}
