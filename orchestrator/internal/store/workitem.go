package store

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// workItem is a work item of a scheme. A statement that finds some answers their rows in the columns of
// aboutCancellation.
type workItem struct {
	Scheme string
	ledger.Work
}

// ofScheme are work items of one scheme.
func ofScheme(scheme string, work []ledger.Work) []workItem {
	items := make([]workItem, len(work))
	for i, w := range work {
		items[i] = workItem{scheme, w}
	}
	return items
}

// openItems opens work items and answers those that it opened. One that is open already, of the same scheme, kind,
// bill, cancellation and subject, stays as it is. This is the one statement that opens a work item.
func openItems(ctx context.Context, tx pgx.Tx, items []workItem) ([]workItem, error) {
	if len(items) == 0 {
		return nil, nil
	}
	n := len(items)
	schemes, kinds, billNos := make([]string, n), make([]string, n), make([]string, n)
	subjects, details := make([]string, n), make([]string, n)
	bills, cancellations := make([]int64, n), make([]int64, n)
	for i, w := range items {
		schemes[i], kinds[i] = w.Scheme, string(w.Kind)
		billNos[i], subjects[i], details[i] = clean(w.BillNo), clean(w.Subject), clean(w.Detail)
		bills[i], cancellations[i] = w.BillID, w.CancellationID
	}
	rows, err := tx.Query(ctx, `
insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, subject, detail)
select w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject, w.detail
from unnest(@schemes::text[], @kinds::text[], @bills::bigint[], @bill_nos::text[], @cancellations::bigint[],
    @subjects::text[], @details::text[])
  as w (scheme, kind, bill_id, bill_no, cancellation_id, subject, detail)
on conflict (scheme, kind, bill_id, cancellation_id, subject) where close_time is null do nothing
returning scheme, kind, bill_id, bill_no, cancellation_id, subject, detail`, pgx.StrictNamedArgs{
		"schemes": schemes, "kinds": kinds, "bills": bills, "bill_nos": billNos, "cancellations": cancellations,
		"subjects": subjects, "details": details,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[workItem])
}

// openWork is openItems for what a page or an answer found in one scheme.
func openWork(ctx context.Context, tx pgx.Tx, scheme string, work []ledger.Work) error {
	_, err := openItems(ctx, tx, ofScheme(scheme, work))
	return err
}

// aboutCancellation are the columns of a work item of kind @kind about a cancellation c; the caller's statement adds
// the detail.
const aboutCancellation = `c.scheme, @kind::text as kind, c.bill_id, c.bill_no, c.cancellation_id, '' as subject`

// orderDetail is the detail of a work item that names the order of a cancellation c.
const orderDetail = `c.order_code || ' ' || c.order_type || ' @ ' || c.warehouse_code as detail`

// openFound opens the work items that a statement answers, and does nothing more when it answers none.
func openFound(ctx context.Context, tx pgx.Tx, sql string, args pgx.StrictNamedArgs) error {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[workItem])
	if err != nil {
		return err
	}
	_, err = openItems(ctx, tx, found)
	return err
}

// closeItems closes the open work items w that a condition finds, and answers them. The condition's parameters are
// args; an empty list finds none by `= any`, so nothing is closed by a parameter that was forgotten. This is the one
// statement that closes a work item.
func closeItems(ctx context.Context, tx pgx.Tx, reason, where string, args pgx.StrictNamedArgs) ([]workItem, error) {
	args = maps.Clone(args)
	args["reason"] = reason
	rows, err := tx.Query(ctx, `
update work_item w set close_time = now(), close_reason = @reason
where w.close_time is null and (`+where+`)
returning w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject, w.detail`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[workItem])
}

// closeWork is closeItems for a caller that does not ask what was closed.
func closeWork(ctx context.Context, tx pgx.Tx, reason, where string, args pgx.StrictNamedArgs) error {
	_, err := closeItems(ctx, tx, reason, where, args)
	return err
}
