package query

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const workColumns = `
select w.work_item_id, w.scheme, w.kind, w.bill_id, w.bill_no` + workRest + `
from reporting.work_item w`

// sharedWork are work items that several bills have in common, each as that of its bill l.
const sharedWork = `
select w.work_item_id, w.scheme, w.kind, l.bill_id, l.bill_no` + workRest + `
from work_item_bill l
join reporting.work_item w using (work_item_id)`

const workRest = `, w.cancellation_id, w.message, w.action, w.create_time, w.close_time, w.close_reason, w.waiting,
       w.answers, w.first_time, w.last_time`

// WorkViews lists work items newest first, at most limit, those older than before (0 = from the newest).
func (r *Reader) WorkViews(
	ctx context.Context, f ledger.WorkFilter, before int64, limit int,
) ([]ledger.WorkView, error) {
	where, args := Newest("w.work_item_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and (w.scheme = @scheme
    or w.waiting > 0 and exists (
        select from voidrelay.unsettled_cancellation u
        where u.scheme = @scheme and u.awaits_text and u.text_id::text = w.subject))`, f.Scheme
	}
	if !f.IncludeClosed {
		where += ` and w.close_time is null`
	}
	return ledger.ReadAll[ledger.WorkView](ctx, r.pool, "list work items", workColumns+where+`
order by w.work_item_id desc
limit @limit`, args)
}

// CancellationWork lists the work items of one cancellation, closed ones too, newest first.
func (r *Reader) CancellationWork(ctx context.Context, cancellation int64) ([]ledger.WorkView, error) {
	return ledger.ReadAll[ledger.WorkView](ctx, r.pool, "read work items of a cancellation", workColumns+`
where w.cancellation_id = @id and w.cancellation_id <> 0
order by w.work_item_id desc`, pgx.StrictNamedArgs{"id": cancellation})
}
