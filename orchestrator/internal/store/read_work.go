package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const workColumns = `
select w.work_item_id, w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.message, w.action, w.create_time, w.close_time,
       w.close_reason
from reporting.work_item w`

type workRow struct {
	WorkItemID      int64
	Scheme, Kind    string
	BillID          int64
	BillNo          string
	CancellationID  int64
	Message, Action string
	CreateTime      time.Time
	CloseTime       *time.Time
	CloseReason     string
}

// WorkViews lists work items newest first, at most limit, those older than before (0 = from the newest).
func (s *Store) WorkViews(ctx context.Context, f ledger.WorkFilter, before int64, limit int) ([]ledger.WorkView, error) {
	where, args := newest("w.work_item_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and w.scheme = @scheme`, f.Scheme
	}
	if !f.IncludeClosed {
		where += ` and w.close_time is null`
	}
	rows, err := readAll[workRow](ctx, s, "list work items", workColumns+where+`
order by w.work_item_id desc
limit @limit`, args)
	return workViews(rows), err
}

// CancellationWork lists the work items of one cancellation, closed ones too, newest first.
func (s *Store) CancellationWork(ctx context.Context, cancellation int64) ([]ledger.WorkView, error) {
	rows, err := readAll[workRow](ctx, s, "read work items of a cancellation", workColumns+`
where w.cancellation_id = @id and w.cancellation_id <> 0
order by w.work_item_id desc`, pgx.StrictNamedArgs{"id": cancellation})
	return workViews(rows), err
}

func workViews(rows []workRow) []ledger.WorkView {
	views := make([]ledger.WorkView, len(rows))
	for i, r := range rows {
		views[i] = ledger.WorkView{
			WorkItemID: r.WorkItemID, Scheme: r.Scheme, Kind: r.Kind, BillID: r.BillID, BillNo: r.BillNo, CancellationID: r.CancellationID,
			Message: r.Message, Action: r.Action, CreateTime: r.CreateTime.UTC(), CloseTime: valued(r.CloseTime), CloseReason: r.CloseReason,
		}
	}
	return views
}
