package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// heirs are the cancellations that shared an order with that of a late result r until it was withdrawn, or may have
// shared it: whatever its request came to, it came to for their order. Those of a later generation of its bill are
// none: their order is of another life. Nor is what was owed after that; but what ended a question when it became owed
// asks the same.
const heirs = `, heirs as materialized (
    select k.cancellation_id, r.id as of, r.meaning, r.state, r.message, r.landed, r.lost
    from r join cancellation f on f.cancellation_id = r.id
    join cancellation k on k.order_id = f.order_id and k.cancellation_id <> f.cancellation_id
        and (k.generation = f.generation or k.scheme <> f.scheme or k.bill_id <> f.bill_id)
    cross join lateral (
        select max(e.outcome_time) as outcome_time from outcome e
        where e.cancellation_id = f.cancellation_id and e.state in ('withdrawn', 'dry_run')) e
    where k.create_time < e.outcome_time or f.question > 0 and k.create_time = e.outcome_time
    order by k.cancellation_id
)`

// noteHeirs lets heirs know that a request for their order may have reached the WMS, and that its answer was lost.
func noteHeirs(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) error {
	const noted = ` c set maybe_landed = c.maybe_landed or h.landed, answer_lost = c.answer_lost or h.lost,
        update_time = now()
    from told h
    where c.cancellation_id = h.cancellation_id and (h.landed and not c.maybe_landed or h.lost and not c.answer_lost)`
	_, err := tx.Exec(ctx, answers+heirs+`, told as materialized (
    select cancellation_id, bool_or(landed) as landed, bool_or(lost) as lost from heirs group by 1
), settled as (
    update outcome`+noted+` and c.revoke_time is null and c.state in ('withdrawn', 'dry_run')
), shared as (
    update shared_cancellation`+noted+`
)
update unsettled_cancellation`+noted, args)
	return err
}

// finishHeirs lets a late "cancelled" end those who took its order over, in whatever state they wait, and answers them:
// planned, open, held and needs_attention become done, with the cancellation whose request it was. Not so of "already
// cancelled": what that speaks of each is to find out for its own bill.
func finishHeirs(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) ([]int64, error) {
	rows, err := tx.Query(ctx, answers+heirs+`, first as materialized (
    select distinct on (cancellation_id) cancellation_id, of, meaning, message
    from heirs where meaning = 'cancelled' and state = 'done'
    order by cancellation_id, of
), ended as (
    delete from unsettled_cancellation c using first h
    where c.cancellation_id = h.cancellation_id and not c.watched
    returning c.cancellation_id, c.times_settled, c.scheme, h.of as same_order_as, 'done' as state,
        h.meaning as outcome, c.not_before, c.lease_until, c.attempt, h.meaning as disposition,
        h.message as vendor_message, c.maybe_landed, c.answer_lost, c.decide_time, c.due_time
), appended as (
    insert into outcome (cancellation_id, times_settled, scheme, same_order_as, state, outcome, `+carried+`)
    select cancellation_id, times_settled + 1, scheme, same_order_as, state, outcome, `+carried+`
    from ended
), told as (`+settledEvents("ended")+`
)
select cancellation_id from ended`, args)
	if err != nil {
		return nil, err
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	return ended, endWork(ctx, tx, ended)
}

// endWork closes what asks about cancellations that have ended with another of their order.
func endWork(ctx context.Context, tx pgx.Tx, ended []int64) error {
	if err := CloseCancellationWork(ctx, tx, ended, "the order's cancellation has ended"); err != nil {
		return err
	}
	return CloseRestored(ctx, tx, ended)
}
