package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// CloseCancellationWork closes the work items of these cancellations that were open because they had not ended. That
// the id is not 0 is said, because the index of work items by cancellation leaves those out that are about none.
func CloseCancellationWork(ctx context.Context, tx pgx.Tx, cancellations []int64, reason string) error {
	return CloseWorkItems(ctx, tx, reason, `
w.cancellation_id = any(@cancellations) and w.cancellation_id <> 0 and w.kind <> @restored`,
		pgx.StrictNamedArgs{"cancellations": cancellations, "restored": string(rule.WorkRestored)})
}

// closeKind closes the work items of one kind of these cancellations.
func closeKind(ctx context.Context, tx pgx.Tx, cancellations []int64, kind rule.WorkKind, reason string) error {
	if len(cancellations) == 0 {
		return nil
	}
	return CloseWorkItems(ctx, tx, reason, `
w.cancellation_id = any(@cancellations) and w.cancellation_id <> 0 and w.kind = @kind`,
		pgx.StrictNamedArgs{"cancellations": cancellations, "kind": string(kind)})
}

// CloseRestored closes restored_after_cancel for bills that are not live any longer and whose order is known to be
// cancelled: what it asked about has settled itself. The items are found from the cancellations, of which there are
// few, and closed by their key.
func CloseRestored(ctx context.Context, tx pgx.Tx, cancellations []int64) error {
	return CloseWorkItems(ctx, tx, "not live again, and its order is cancelled", `w.work_item_id in (
    select r.work_item_id
    from cancellation_now c join bill b using (scheme, bill_id)
    join work_item r on r.scheme = c.scheme and r.bill_id = c.bill_id and r.kind = @kind and r.close_time is null
    join cancellation o on o.cancellation_id = r.cancellation_id and o.order_id = c.order_id
    where c.cancellation_id = any(@cancellations) and c.state = 'done'
      and (b.document_status <> 'C' or b.cancel_status <> 'A' or b.gone_time is not null))`,
		pgx.StrictNamedArgs{"cancellations": cancellations, "kind": string(rule.WorkRestored)})
}

// HoldWork opens what asks a person about the scheme's cancellations that are held, unless it is open: a work item for
// each of a bill's own reasons, and a condition for what waits behind a safety limit. A person may have
// released a safety limit after a page outside a run had reached it, and before the end of a run whose cancellations it
// held.
func HoldWork(ctx context.Context, tx pgx.Tx, scheme string) error {
	if err := OpenFound(ctx, tx, `
with untold as materialized (
    select u.cancellation_id from unsettled_cancellation u
    where u.scheme = @scheme and u.state = 'held' and u.hold_reason in (@reuse, @no_time)
      and not exists (select from work_item w where w.cancellation_id = u.cancellation_id and w.cancellation_id <> 0
                        and w.kind = u.hold_reason and w.close_time is null)
)
select c.scheme, c.hold_reason as kind, c.bill_id, c.bill_no, c.cancellation_id, '' as subject, `+OrderDetail+`
from untold cross join lateral (
    select * from cancellation_now c where c.cancellation_id = untold.cancellation_id offset 0) c`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "reuse": string(rule.HoldNumberReuse), "no_time": string(rule.HoldNoEventTime),
		}); err != nil {
		return err
	}
	if err := tellTogether(ctx, tx, scheme); err != nil {
		return err
	}
	return openLimits(ctx, tx, scheme)
}

// tellTogether opens one work item for all that is held because a part of the scheme was away, and one for all that may
// only seem to be deleted, with how many orders that is, unless it is open.
func tellTogether(ctx context.Context, tx pgx.Tx, scheme string) error {
	return OpenFound(ctx, tx, `
select @scheme::text as scheme, u.hold_reason as kind, 0::bigint as bill_id, '' as bill_no,
       0::bigint as cancellation_id, '' as subject, count(*) || ' 笔 orders' as detail
from unsettled_cancellation u
where u.scheme = @scheme and u.state = 'held' and u.hold_reason in (@away, @many)
  and not exists (select from work_item w where w.scheme = @scheme and w.kind = u.hold_reason and w.close_time is null)
group by u.hold_reason
order by u.hold_reason`, pgx.StrictNamedArgs{
		"scheme": scheme, "away": string(rule.WorkPartAway), "many": string(rule.WorkManyGone),
	})
}

// openLimits opens safety_limit for what waits behind a limit whose condition a person has ended meanwhile.
func openLimits(ctx context.Context, tx pgx.Tx, scheme string) error {
	rows, err := tx.Query(ctx, `
select c.hold_reason as reason, count(*) || ' held' as detail
from unsettled_cancellation c
where c.scheme = @scheme and `+BehindLimit+`
  and not exists (select from condition o where o.scheme = @scheme and o.kind = @kind and o.end_time is null)
group by c.hold_reason`, pgx.StrictNamedArgs{"scheme": scheme, "kind": rule.ConditionSafetyLimit})
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct{ Reason, Detail string }])
	for _, limit := range found {
		if err != nil {
			return err
		}
		_, err = OpenCondition(ctx, tx, Condition{
			Kind: rule.ConditionSafetyLimit, Scheme: scheme, Reason: limit.Reason, Detail: limit.Detail,
		})
	}
	return err
}

// mayHaveLanded is true of a cancellation c of which something may have come in the WMS.
const mayHaveLanded = `(c.state = 'done' or exists (select from attempt a where a.cancellation_id = c.cancellation_id
              and a.disposition in ('', 'cancelled', 'already_cancelled', 'in_progress', 'unknown')))`

// OpenRestored opens restored_after_cancel for bills that are live although something may have reached the WMS for an
// order of theirs, or a person says that it is cancelled: for each cancellation of the bill itself, and for each of
// another bill whose order this one claims. Once opened for a bill and a cancellation it is not opened again, also when
// it was settled. takesAgain: the WMS takes an order again under the number of one that was cancelled; then one that
// was answered as cancelled before the bill was audited is no work, but a line of the bill's history.
func OpenRestored(ctx context.Context, tx pgx.Tx, scheme string, bills []int64, takesAgain bool) error {
	if len(bills) == 0 {
		return nil
	}
	const found = `
with found as (
    select c.cancellation_id, b.bill_id, b.bill_no, b.approve_time
    from unnest(@bills::bigint[]) as n (bill_id)
    join bill b on b.scheme = @scheme and b.bill_id = n.bill_id
    join cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
    union
    select c.cancellation_id, b.bill_id, b.bill_no, b.approve_time
    from unnest(@bills::bigint[]) as n (bill_id)
    join bill b on b.scheme = @scheme and b.bill_id = n.bill_id
    join claim k on k.scheme = b.scheme and k.bill_id = b.bill_id
    join cancellation c on c.order_id = k.order_id
    where b.document_status = 'C' and b.cancel_status = 'A' and (c.scheme <> b.scheme or c.bill_id <> b.bill_id)
)`
	if takesAgain {
		if _, err := tx.Exec(ctx, found+`
insert into bill_live_again (scheme, bill_id, cancellation_id)
select @scheme, f.bill_id, c.cancellation_id
from found f join cancellation_now c on c.cancellation_id = f.cancellation_id
where c.state = 'done' and not c.inferred and c.outcome_time < f.approve_time
on conflict do nothing`, pgx.StrictNamedArgs{"scheme": scheme, "bills": bills}); err != nil {
			return err
		}
	}
	return OpenFound(ctx, tx, found+`
select @scheme::text as scheme, @kind::text as kind, f.bill_id, f.bill_no, c.cancellation_id, '' as subject,
       `+OrderDetail+`
from found f join cancellation_now c on c.cancellation_id = f.cancellation_id
where `+mayHaveLanded+`
  and not (@again and c.state = 'done' and not c.inferred and c.outcome_time < f.approve_time)
  and not exists (select from work_item w
                  where w.cancellation_id = c.cancellation_id and w.cancellation_id <> 0 and w.kind = @kind
                    and w.bill_id = f.bill_id)`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "kind": string(rule.WorkRestored), "bills": bills, "again": takesAgain,
		})
}

// CloseUnsent closes restored_after_cancel for those of these cancellations of which nothing can have come in the WMS:
// an answer has vouched that the last request for them never left.
func CloseUnsent(ctx context.Context, tx pgx.Tx, cancellations []int64) error {
	if len(cancellations) == 0 {
		return nil
	}
	return CloseWorkItems(ctx, tx, "nothing was sent", `
w.cancellation_id = any(@cancellations) and w.cancellation_id <> 0 and w.kind = @kind
and not exists (select from cancellation_now c where c.cancellation_id = w.cancellation_id and `+mayHaveLanded+`)`,
		pgx.StrictNamedArgs{"cancellations": cancellations, "kind": string(rule.WorkRestored)})
}
