package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// An order has at most one unsettled cancellation (rule 3, docs/rules.md). Further owners of it are same_order: rows of
// shared_cancellation, which point to the one that is sent.

// lockOrdersOf locks the orders of cancellations, and their unsettled cancellations.
func lockOrdersOf(ctx context.Context, tx pgx.Tx, ids []int64) error {
	rows, err := tx.Query(ctx, `select distinct order_id from cancellation where cancellation_id = any($1)`, ids)
	if err != nil {
		return err
	}
	orders, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	return lockSenders(ctx, tx, orders)
}

// lockOrders is lockSenders for orders by what the WMS knows them by.
func lockOrders(ctx context.Context, tx pgx.Tx, orders []orderRow) error {
	rows, err := tx.Query(ctx, `select distinct o.order_id from `+orderColumns.From+` `+orderOf,
		orderColumns.Args(orders, nil))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	return lockSenders(ctx, tx, ids)
}

// lockSenders locks orders, so that nobody else begins a cancellation of one, and the unsettled cancellations that they
// have, so that none ends before this transaction has. Twice: a row that went while it was waited for may have left the
// order to another one, which the next statement sees.
func lockSenders(ctx context.Context, tx pgx.Tx, orders []int64) error {
	if _, err := tx.Exec(ctx, `
select from warehouse_order where order_id = any($1) order by order_id for no key update`, orders); err != nil {
		return err
	}
	for range 2 {
		if _, err := tx.Exec(ctx, `
select from unsettled_cancellation where order_id = any($1) order by cancellation_id for no key update`,
			orders); err != nil {
			return err
		}
	}
	return nil
}

// TakeOver withdraws what is unsettled of an earlier generation of the same bill and about the same order as what is
// owed now, and answers it: planned, open, held and needs_attention become withdrawn. Not so where a scheme only
// watches, and where what is owed now has ended: a person may have opened the earlier one again since.
func TakeOver(ctx context.Context, tx pgx.Tx, scheme string, cancellations []Cancellation) ([]int64, error) {
	owed, err := owedRows(cancellations)
	if err != nil {
		return nil, err
	}
	const earlier = `c.scheme = @scheme and c.cancellation_id in (select e.cancellation_id from earlier e)`
	const what = `'withdrawn', 'taken_over', false`
	found := `
with earlier as materialized (
    select e.cancellation_id
    from ` + owedColumns.From + `
    ` + orderOf + `
    join cancellation e on e.scheme = @scheme and e.bill_id = d.bill_id and e.order_id = o.order_id
        and e.generation < d.generation
    join scheme s on s.scheme = @scheme and s.mode = 'send'
    where not exists (
        select from cancellation n join outcome x using (cancellation_id)
        where n.scheme = @scheme and n.bill_id = d.bill_id and n.bill_kind = d.bill_kind
          and n.direction = d.direction and n.warehouse_number = d.number and n.generation = d.generation
          and n.question = 0 and x.revoke_time is null and x.state in ('done', 'closed'))
)`
	return settleFound(ctx, tx, found, earlier, what, owedColumns.Args(owed, pgx.StrictNamedArgs{"scheme": scheme}))
}

// settleFound is settle and settleShared for what a with clause has found, one after the other.
func settleFound(
	ctx context.Context, tx pgx.Tx, found, where, what string, args pgx.StrictNamedArgs,
) (ids []int64, err error) {
	for _, sql := range []string{settle(where, what), settleShared(where, what)} {
		settled, err := settledIDs(ctx, tx, found+","+strings.TrimPrefix(sql, "\nwith"), args)
		if err != nil {
			return nil, err
		}
		ids = append(ids, settled...)
	}
	return ids, nil
}

// pointToLater closes the work items of cancellations that a later generation of their bill has taken over, each with
// the number of the later one.
func pointToLater(ctx context.Context, tx pgx.Tx, taken []int64) error {
	if len(taken) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
select e.cancellation_id, max(l.cancellation_id)
from cancellation e
join cancellation l on l.scheme = e.scheme and l.bill_id = e.bill_id and l.order_id = e.order_id
    and l.generation > e.generation
where e.cancellation_id = any($1)
group by e.cancellation_id
order by e.cancellation_id`, taken)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ ID, Later int64 }])
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := CloseCancellationWork(ctx, tx, []int64{f.ID},
			fmt.Sprintf("taken over by cancellation %d", f.Later)); err != nil {
			return err
		}
	}
	return nil
}

// FollowSenders lets those who share an order with one of these cancellations follow it where it has ended, or is
// about another order by now, in a statement that begins after that: whoever has joined it meanwhile is seen. What
// is done or closed ends them in the same way. What is withdrawn, or dry_run, leaves its order to the unsettled
// cancellation that the order has by now, else to the first of them that is free: that becomes planned, behind the
// safety limits, and is read before it is sent. So does one that ended because the WMS never had the order, where
// another has better evidence that it did, or because a question found nothing to cancel, where the other is owed. What
// may have come of the requests of the one that has ended, may have come to the order of those that go on.
func FollowSenders(ctx context.Context, tx pgx.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
with called as materialized (
    select s.cancellation_id, s.scheme, s.same_order_as, s.hold_reason, f.order_id, e.state, e.outcome, e.inferred,
           e.disposition, e.vendor_message,
           coalesce(e.maybe_landed, false) as landed, coalesce(e.answer_lost, false) as lost,
           coalesce(e.state in ('done', 'closed') and (e.outcome <> 'no_order' or f.evidence = 'weak')
               and (e.outcome <> 'nothing_to_cancel' or f.question > 0), false) as ends
    from shared_cancellation s
    join cancellation f on f.cancellation_id = s.cancellation_id
    left join outcome e on e.cancellation_id = s.same_order_as and e.revoke_time is null
    left join unsettled_cancellation v on v.cancellation_id = s.same_order_as and v.order_id = f.order_id
    where s.same_order_as = any($1) and v.cancellation_id is null
    order by s.cancellation_id
    for update of s
), ended as (
    delete from shared_cancellation c using called e where c.cancellation_id = e.cancellation_id and e.ends
    returning c.cancellation_id, c.times_settled, c.scheme, c.same_order_as, e.state, e.outcome, e.inferred,
        c.not_before, c.lease_until, c.attempt, e.disposition, e.vendor_message, c.maybe_landed, c.answer_lost,
        c.decide_time, c.due_time
), appended as (
    insert into outcome (cancellation_id, times_settled, scheme, same_order_as, state, outcome, inferred, `+carried+`)
    select cancellation_id, times_settled + 1, scheme, same_order_as, state, outcome, inferred, `+carried+`
    from ended
), told as (`+settledEvents("ended")+`
), next as materialized (
    select c.cancellation_id, c.landed, c.lost,
           coalesce(u.cancellation_id, first_value(c.cancellation_id) over (
               partition by c.order_id order by m.mode <> 'send', `+seat("c", "hold_reason")+`)) as sender
    from called c join scheme m on m.scheme = c.scheme
    left join unsettled_cancellation u on u.order_id = c.order_id and not u.watched
    where not c.ends
), heirs as (
    delete from shared_cancellation c using next n
    where c.cancellation_id = n.cancellation_id and n.sender = n.cancellation_id
    returning c.cancellation_id, c.scheme, c.bill_id, c.hold_reason, c.times_settled, c.not_before, c.lease_until,
        c.attempt, c.disposition, c.vendor_message, c.maybe_landed or n.landed as maybe_landed,
        c.answer_lost or n.lost as answer_lost
), made as (
    insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, question, state,
        hold_reason, verified_time, watched, times_settled, `+kept+`)
    select h.cancellation_id, f.order_id, h.scheme, h.bill_id, o.account, f.question, 'planned', h.hold_reason, 'epoch',
        s.mode <> 'send', h.times_settled, `+qualified("h", kept)+`
    from heirs h join cancellation f on f.cancellation_id = h.cancellation_id
    join warehouse_order o on o.order_id = f.order_id join scheme s on s.scheme = h.scheme
), pointed as (
    update shared_cancellation c
    set same_order_as = n.sender, maybe_landed = c.maybe_landed or n.landed, answer_lost = c.answer_lost or n.lost,
        update_time = now()
    from next n where c.cancellation_id = n.cancellation_id and n.sender <> n.cancellation_id
)
select cancellation_id from ended`, ids)
	if err != nil {
		return err
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ended) == 0 {
		return err
	}
	return endWork(ctx, tx, ended)
}
