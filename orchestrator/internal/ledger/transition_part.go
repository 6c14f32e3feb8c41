package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// ofParts is true of a cancellation c of a warehouse, by Kingdee's number, or an order kind, such as Assembly.in.
const ofParts = `c.scheme = $1 and exists (
        select from cancellation f where f.cancellation_id = c.cancellation_id and (f.warehouse_number = any($2)
          or concat_ws('.', nullif(f.bill_kind, ''), f.direction) = any($3)))`

// WithdrawParts ends what a scheme owes of warehouses, by Kingdee's number, and order kinds, such as Assembly.in, that
// it does not list any longer, because it asks for nothing of them from now on: planned, open, held and needs_attention
// become withdrawn. Where something may have come of one in the WMS, and no other owner of its order goes on, a person
// is to see what: planned, open and held become needs_attention. What is in flight stays until it has its answer, and
// what waits for the meaning of a text until a person has said that: the read before the next request finds it.
func WithdrawParts(ctx context.Context, tx pgx.Tx, scheme string, warehouses, kinds []string) error {
	if len(warehouses)+len(kinds) == 0 {
		return nil
	}
	return takeOut(ctx, tx, ofParts, scheme, warehouses, kinds)
}

// WithdrawUnlisted is WithdrawParts for cancellations of a scheme which a read before a request finds to be of parts
// that the scheme does not list: open becomes withdrawn or needs_attention.
func WithdrawUnlisted(ctx context.Context, tx pgx.Tx, scheme string, ids []int64) error {
	if err := LockStanding(ctx, tx, ids); err != nil {
		return err
	}
	return takeOut(ctx, tx, `c.scheme = $1 and c.cancellation_id = any($2)`, scheme, ids)
}

// takeOut carries that out for the cancellations c that a condition finds.
func takeOut(ctx context.Context, tx pgx.Tx, where string, args ...any) error {
	const what = `'withdrawn', 'not_in_scheme', false`
	if err := lockShared(ctx, tx, where, args...); err != nil {
		return err
	}
	ended, err := settledIDs(ctx, tx, settleShared(where+` and `+neverLanded, what), args...)
	if err != nil {
		return err
	}
	// Who shares the order asks what came of it: what may have landed is that one's, too.
	sent, err := settledIDs(ctx, tx, settle(where+` and (`+neverLanded+`
          or c.lease_until is null and c.state in ('planned', 'open', 'held') and exists (
            select from shared_cancellation h where h.same_order_as = c.cancellation_id))`, what), args...)
	if err != nil {
		return err
	}
	if err := FollowSenders(ctx, tx, sent); err != nil {
		return err
	}
	if err := CloseCancellationWork(ctx, tx, append(ended, sent...), "withdrawn: not_in_scheme"); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
with landed as (
    update unsettled_cancellation c
    set state = 'needs_attention', hold_reason = '', batch_until = null, update_time = now()
    where `+where+` and c.state in ('planned', 'open', 'held') and c.lease_until is null and not c.awaits_text
    returning c.cancellation_id, c.scheme, c.state
), told as (`+waitingEvents("'"+string(rule.WorkNotInScheme)+"'", "landed")+`
)
select cancellation_id from landed`, args...)
	if err != nil {
		return err
	}
	asked, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(asked) == 0 {
		return err
	}
	return OpenFound(ctx, tx, `
select `+AboutCancellation+`, `+OrderDetail+` from cancellation_now c where c.cancellation_id = any(@ids)`,
		pgx.StrictNamedArgs{"ids": asked, "kind": string(rule.WorkNotInScheme)})
}

// TakeUpParts asks again for what a person was to look at because its warehouse or its order kind had been taken out,
// where the scheme lists that again: needs_attention becomes open, and its work item is closed.
func TakeUpParts(ctx context.Context, tx pgx.Tx, scheme string, warehouses, kinds []string) error {
	rows, err := tx.Query(ctx, `
select c.cancellation_id from unsettled_cancellation c
where `+ofParts+` and c.state = 'needs_attention' and exists (
    select from work_item w where w.cancellation_id = c.cancellation_id and w.cancellation_id <> 0 and w.kind = $4
      and w.close_time is null)
order by c.cancellation_id`, scheme, warehouses, kinds, string(rule.WorkNotInScheme))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := Reopen(ctx, tx, ids, nil); err != nil {
		return err
	}
	return closeKind(ctx, tx, ids, rule.WorkNotInScheme, "it is in the scheme again")
}
