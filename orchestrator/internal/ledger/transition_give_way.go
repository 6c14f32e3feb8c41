package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// giveWayLimit is how many orders change hands in one transaction.
const giveWayLimit = 500

// Why a cancellation is held says of whom it keeps the order. What a limit holds is its scheme's.
const (
	// orderHolds doubt that the order may go at all, whoever owns it: the bill may be audited again, or not be gone.
	orderHolds = `('number_reuse_unsaid', 'many_deleted')`
	// ownHolds doubt whether one bill calls for it: the order may go for another.
	ownHolds   = `('no_event_time', 'part_was_away')`
	limitHolds = `('safety_limit_hour', 'safety_limit_day')`
)

// seat orders the owners of an order by who is to be sent: first who keeps the order from all, so that a person is
// asked; then who is free. hold is the column that says why one is held.
func seat(row, hold string) string {
	held := row + "." + hold
	return held + ` in ` + orderHolds + ` desc, ` + held + ` <> '', ` + row + `.cancellation_id`
}

// KeptByOwner is true of a cancellation c that must not be sent, because another owner of its order doubts that it may
// go at all, and no person has spoken about that yet. What may have reached the WMS goes on.
const KeptByOwner = `(not c.maybe_landed and exists (
    select from shared_cancellation h join scheme hs on hs.scheme = h.scheme
    where h.same_order_as = c.cancellation_id and h.hold_reason in ` + orderHolds + ` and hs.active
      and hs.mode = 'send'))`

// sends is true of a row whose scheme is to send, whatever keeps it from that just now.
func sends(row string) string {
	return `exists (select from scheme s where s.scheme = ` + row + `.scheme and s.active and s.mode = 'send')`
}

// works is true of a row whose scheme can be read and sent for just now, in the account of c.
func works(row string) string {
	return `exists (select from scheme s where s.scheme = ` + row + `.scheme and ` + MaySend + `
        and not exists (select from condition o where ` + RestsReading + `))`
}

// asksForAll is true of a row that is held, or will be, and keeps its order from all.
func asksForAll(row string) string {
	return `(` + row + `.hold_reason in ` + orderHolds + ` and ` + sends(row) + `)`
}

// givesWay is true of a cancellation c that is to let k go first, which shares its order. Nobody does while a request
// is on its way.
var givesWay = `c.lease_until is null and k.lease_until is null and not ` + asksForAll("c") + ` and (
    ` + asksForAll("k") + ` and not c.maybe_landed and c.state in ('planned', 'open', 'held')
    or k.hold_reason = '' and (
        c.state in ('planned', 'held') and c.hold_reason in ` + ownHolds + `
            and (k.scheme = c.scheme or ` + works("k") + `)
        or c.state = 'needs_attention' and ` + NeedsAttentionUnread + `
            and (k.scheme = c.scheme or ` + works("k") + `)
            and not exists (select from work_item w
                where w.cancellation_id = k.cancellation_id and w.cancellation_id <> 0 and w.kind = 'bill_unread')
        or k.scheme <> c.scheme and c.state in ('planned', 'open', 'held') and not c.awaits_text and ` + works("k") + `
            and (c.hold_reason in ` + limitHolds + ` or not ` + works("c") + `)))`

// GaveWay is a cancellation that let another of its order go first.
type GaveWay struct {
	CancellationID int64
	Scheme         string
}

// GiveWay lets cancellations that wait for what is their own alone give way to another owner of their order that is
// free: planned, open, held and needs_attention become same_order, and the other planned in its place, behind the
// safety limits. What is their own is a doubt about their bill, a bill that cannot be read, a limit of their scheme, or
// that their scheme does not send. And it lets what is free give way to an owner that doubts that the order may go at
// all: that one is held, and a person is asked. It answers who gave way, and closes what asked about them; the items
// that are about no single cancellation are the caller's to close.
func GiveWay(ctx context.Context, tx pgx.Tx) ([]GaveWay, error) {
	rows, err := tx.Query(ctx, `
select distinct c.order_id
from shared_cancellation k join unsettled_cancellation c on c.cancellation_id = k.same_order_as
where `+givesWay+`
order by c.order_id
limit $1`, giveWayLimit)
	if err != nil {
		return nil, err
	}
	orders, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	senders, err := lockFree(ctx, tx, orders)
	if err != nil || len(senders) == 0 {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `
with found as materialized (
    select c.cancellation_id as sender, k.cancellation_id, k.hold_reason
    from shared_cancellation k join unsettled_cancellation c on c.cancellation_id = k.same_order_as
    where c.cancellation_id = any($1) and `+givesWay+`
), chosen as materialized (
    select distinct on (f.sender) f.sender, f.cancellation_id as heir from found f
    order by f.sender, `+seat("f", "hold_reason")+`
), up as (
    delete from shared_cancellation c using chosen h where c.cancellation_id = h.heir
    returning c.cancellation_id, c.scheme, c.bill_id, c.hold_reason, c.times_settled, h.sender, `+qualified("c", kept)+`
), down as (
    delete from unsettled_cancellation c using chosen h where c.cancellation_id = h.sender
    returning c.cancellation_id, c.order_id, c.account, c.scheme, c.bill_id, c.hold_reason, c.times_settled,
        c.decide_time, h.heir, `+qualified("c", kept)+`
), made as (
    insert into unsettled_cancellation (cancellation_id, order_id, scheme, bill_id, account, question, state,
        hold_reason, verified_time, watched, times_settled, `+kept+`)
    select u.cancellation_id, d.order_id, u.scheme, u.bill_id, d.account, f.question, 'planned', u.hold_reason, 'epoch',
        s.mode <> 'send', u.times_settled, u.not_before, u.lease_until, u.attempt, u.disposition, u.vendor_message,
        u.maybe_landed or d.maybe_landed, u.answer_lost or d.answer_lost
    from up u join down d on d.cancellation_id = u.sender join cancellation f on f.cancellation_id = u.cancellation_id
    join scheme s on s.scheme = u.scheme
), sharing as (
    insert into shared_cancellation (cancellation_id, same_order_as, scheme, bill_id, hold_reason, times_settled,
        decide_time, `+kept+`)
    select cancellation_id, heir, scheme, bill_id, hold_reason, times_settled, decide_time, `+kept+`
    from down
), pointed as (
    update shared_cancellation c
    set same_order_as = d.heir, maybe_landed = c.maybe_landed or d.maybe_landed,
        answer_lost = c.answer_lost or d.answer_lost, update_time = now()
    from down d where c.same_order_as = d.cancellation_id and c.cancellation_id <> d.heir
)
select cancellation_id, scheme from down`, senders); err != nil {
		return nil, err
	}
	gave, err := pgx.CollectRows(rows, pgx.RowToStructByPos[GaveWay])
	if err != nil || len(gave) == 0 {
		return nil, err
	}
	ids := make([]int64, len(gave))
	for i, one := range gave {
		ids[i] = one.CancellationID
	}
	return gave, CloseCancellationWork(ctx, tx, ids, "another owner of the order is sent")
}

// lockFree locks these orders, the cancellations that are sent for them and those that share them, and answers the sent
// ones of which it has everything. It waits for nobody: who holds one of these rows decides about the order just now.
func lockFree(ctx context.Context, tx pgx.Tx, orders []int64) ([]int64, error) {
	var held []int64
	for _, step := range []string{`
select order_id from warehouse_order where order_id = any($1) order by order_id for no key update skip locked`, `
select cancellation_id from unsettled_cancellation
where order_id = any($1) order by cancellation_id for update skip locked`} {
		rows, err := tx.Query(ctx, step, orders)
		if err != nil {
			return nil, err
		}
		if held, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return nil, err
		}
		orders = held
	}
	rows, err := tx.Query(ctx, `
select cancellation_id from shared_cancellation
where same_order_as = any($1) order by cancellation_id for update skip locked`, held)
	if err != nil {
		return nil, err
	}
	sharing, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, `
select id from unnest($1::bigint[]) as u (id)
where not exists (
    select from shared_cancellation k where k.same_order_as = u.id and k.cancellation_id <> all($2::bigint[]))`,
		held, sharing); err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
