package ledger

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// WorkItem is a work item of a scheme. A statement that finds some answers their rows in the columns of
// AboutCancellation.
type WorkItem struct {
	Scheme string
	Work
}

// workRow is a work item as a statement wants it.
type workRow struct {
	Scheme         string        `col:"scheme text"`
	Kind           rule.WorkKind `col:"kind text"`
	BillID         int64         `col:"bill_id bigint"`
	BillNo         string        `col:"bill_no text"`
	CancellationID int64         `col:"cancellation_id bigint"`
	Subject        string        `col:"subject text"`
	Detail         string        `col:"detail text"`
}

var workColumns = ColumnsOf[workRow]("w")

// OfScheme are work items of one scheme.
func OfScheme(scheme string, work []Work) []WorkItem {
	items := make([]WorkItem, len(work))
	for i, w := range work {
		items[i] = WorkItem{scheme, w}
	}
	return items
}

// OpenItems opens work items and answers those that it opened. One that is open already, of the same scheme, kind,
// bill, cancellation and subject, stays as it is. This is the one statement that opens a work item.
func OpenItems(ctx context.Context, tx pgx.Tx, items []WorkItem) ([]WorkItem, error) {
	if len(items) == 0 {
		return nil, nil
	}
	opened := make([]workRow, len(items))
	for i, w := range items {
		opened[i] = workRow{w.Scheme, w.Kind, w.BillID, w.BillNo, w.CancellationID, w.Subject, w.Detail}
	}
	rows, err := tx.Query(ctx, `
with opened as (
    insert into work_item (scheme, kind, bill_id, bill_no, cancellation_id, subject, detail)
    select scheme, kind, bill_id, bill_no, cancellation_id, subject, detail from `+workColumns.From+`
    on conflict (scheme, kind, bill_id, cancellation_id, subject) where close_time is null do nothing
    returning work_item_id, scheme, kind, bill_id, bill_no, cancellation_id, subject, detail
), told as (`+LeaveEvents(EventWorkOpened, `'open'`, `kind`, `scheme`, `work_item_id`, `opened`)+`
)
select scheme, kind, bill_id, bill_no, cancellation_id, subject, detail from opened`, workColumns.Args(opened, nil))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[WorkItem])
}

// OpenWorkItems is OpenItems for what a page or an answer found in one scheme.
func OpenWorkItems(ctx context.Context, tx pgx.Tx, scheme string, work []Work) error {
	_, err := OpenItems(ctx, tx, OfScheme(scheme, work))
	return err
}

// AboutCancellation are the columns of a work item of kind @kind about a cancellation c; the caller's statement adds
// the detail.
const AboutCancellation = `c.scheme, @kind::text as kind, c.bill_id, c.bill_no, c.cancellation_id, '' as subject`

// OrderDetail is the detail of a work item that names the order of a cancellation c.
const OrderDetail = `c.order_code || ' ' || c.order_type || ' @ ' || c.warehouse_code as detail`

// OpenFound opens the work items that a statement answers, and does nothing more when it answers none.
func OpenFound(ctx context.Context, tx pgx.Tx, sql string, args pgx.StrictNamedArgs) error {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[WorkItem])
	if err != nil {
		return err
	}
	_, err = OpenItems(ctx, tx, found)
	return err
}

// RewriteItem brings the detail of an open work item about a subject up to date.
func RewriteItem(ctx context.Context, tx pgx.Tx, item WorkItem) error {
	_, err := tx.Exec(ctx, `
update work_item set detail = $4
where scheme = $1 and kind = $2 and subject = $3 and close_time is null and detail <> $4`,
		item.Scheme, string(item.Kind), item.Subject, item.Detail)
	return err
}

// CloseItems closes the open work items w that a condition finds, and answers them. The condition's parameters are
// args; an empty list finds none by `= any`, so nothing is closed by a parameter that was forgotten. This is the one
// statement that closes a work item.
func CloseItems(ctx context.Context, tx pgx.Tx, reason, where string, args pgx.StrictNamedArgs) ([]WorkItem, error) {
	args = maps.Clone(args)
	args["reason"] = reason
	rows, err := tx.Query(ctx, `
with closed as (
    update work_item w set close_time = now(), close_reason = @reason
    where w.close_time is null and (`+where+`)
    returning w.work_item_id, w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject, w.detail
), told as (`+LeaveEvents(EventWorkClosed, `'closed'`, `kind`, `scheme`, `work_item_id`, `closed`)+`
)
select scheme, kind, bill_id, bill_no, cancellation_id, subject, detail from closed`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[WorkItem])
}

// CloseWorkItems is CloseItems for a caller that does not ask what was closed.
func CloseWorkItems(ctx context.Context, tx pgx.Tx, reason, where string, args pgx.StrictNamedArgs) error {
	_, err := CloseItems(ctx, tx, reason, where, args)
	return err
}
