package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// openWork opens work items, except those that are open already.
func openWork(ctx context.Context, tx pgx.Tx, scheme string, work []ledger.Work) error {
	if len(work) == 0 {
		return nil
	}
	n := len(work)
	kinds, billNos, subjects, details := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	bills, cancellations := make([]int64, n), make([]int64, n)
	for i, w := range work {
		kinds[i], billNos[i], subjects[i], details[i] = string(w.Kind), clean(w.BillNo), clean(w.Subject), clean(w.Detail)
		bills[i], cancellations[i] = w.BillID, w.CancellationID
	}
	_, err := tx.Exec(ctx, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, subject, detail)
select @scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject, w.detail
from unnest(@kinds::text[], @bills::bigint[], @bill_nos::text[], @cancellations::bigint[], @subjects::text[], @details::text[])
     as w (kind, bill_id, bill_no, cancellation_id, subject, detail)
on conflict do nothing`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "kinds": kinds, "bills": bills, "bill_nos": billNos, "cancellations": cancellations,
			"subjects": subjects, "details": details,
		})
	return err
}

// closeCancellationWork closes the work items of these cancellations that were open because they had not ended.
func closeCancellationWork(ctx context.Context, tx pgx.Tx, cancellations []int64, reason string) error {
	_, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = $2
where cancellation_id = any($1) and close_time is null and kind <> $3`, cancellations, reason, string(rule.WorkRestored))
	return err
}

// closeKind closes the work items of one kind of these cancellations.
func closeKind(ctx context.Context, tx pgx.Tx, cancellations []int64, kind rule.WorkKind, reason string) error {
	if len(cancellations) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
update work_item set close_time = now(), close_reason = $3
where cancellation_id = any($1) and kind = $2 and close_time is null`, cancellations, string(kind), reason)
	return err
}

// closeRestored closes restored_after_cancel for bills that are not live any longer and whose order is known to be cancelled: what it
// asked about has settled itself.
func closeRestored(ctx context.Context, tx pgx.Tx, cancellations []int64) error {
	_, err := tx.Exec(ctx, `
update work_item w set close_time = now(), close_reason = 'not live again, and its order is cancelled'
from cancellation c join bill b using (scheme, bill_id)
where c.cancellation_id = any($1) and c.state = 'done' and (b.document_status <> 'C' or b.cancel_status <> 'A' or b.gone_time is not null)
  and w.scheme = c.scheme and w.bill_id = c.bill_id and w.kind = $2 and w.close_time is null
  and exists (select from cancellation o where o.cancellation_id = w.cancellation_id and o.account = c.account
              and o.warehouse_code = c.warehouse_code and o.order_code = c.order_code and o.order_type = c.order_type)`,
		cancellations, string(rule.WorkRestored))
	return err
}

// holdWork opens the work items for the scheme's cancellations that are held, unless they are open: one for each of a bill's own reasons, and one
// for what waits behind a safety limit. A safety limit may have been released between a look that reached it and the end of a run whose cancellations it held.
func holdWork(ctx context.Context, tx pgx.Tx, scheme string) error {
	_, err := tx.Exec(ctx, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, detail)
select c.scheme, c.hold_reason, c.bill_id, c.bill_no, c.cancellation_id, c.order_code || ' ' || c.order_type || ' @ ' || c.warehouse_code
from cancellation c
where c.scheme = $1 and c.state = 'held' and c.hold_reason in ($2, $3)
on conflict do nothing`, scheme, string(rule.HoldNumberReuse), string(rule.HoldNoEventTime))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into work_item (scheme, kind, subject, detail)
select c.scheme, $2, min(c.hold_reason), count(*) || ' held'
from cancellation c
where c.scheme = $1 and c.state = 'held' and c.hold_reason in ('safety_limit_hour', 'safety_limit_day')
  and not exists (select from work_item w where w.scheme = $1 and w.kind = $2 and w.close_time is null)
group by c.scheme`, scheme, string(rule.WorkSafetyLimit))
	return err
}

// openRestored opens restored_after_cancel for every cancellation of these bills that may have reached the WMS, or whose order a person says is
// cancelled. Once opened for a cancellation
// it is not opened again, also when it was settled.
func openRestored(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) error {
	if len(bills) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, detail)
select c.scheme, @kind, c.bill_id, c.bill_no, c.cancellation_id, c.order_code || ' ' || c.order_type || ' @ ' || c.warehouse_code
from cancellation c
where c.scheme = @scheme and c.bill_id = any(@bills)
  and (c.state = 'done' or exists (select from attempt a where a.cancellation_id = c.cancellation_id
              and a.disposition in ('', 'cancelled', 'already_cancelled', 'in_progress', 'unknown')))
  and not exists (select from work_item w where w.cancellation_id = c.cancellation_id and w.kind = @kind)
on conflict do nothing`,
		pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkRestored), "bills": bills})
	return err
}
