package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const cancellationColumns = `
select c.cancellation_id, c.scheme, c.bill_id, c.bill_no, c.generation, c.affair_type || '.' || c.direction as order_kind, c.warehouse_number,
       c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason, c.extend_props, c.owner_code, c.state, c.triggers,
       c.evidence, c.orders_from, case when c.state = 'held' then c.hold_reason else '' end as hold_reason, c.disposition, c.vendor_message,
       c.outcome, c.attempt, c.due_time, c.create_time, c.update_time, c.outcome_time, c.revision, coalesce(c.run_id, 0) as run_id
from cancellation c`

type cancellationRow struct {
	CancellationID                                             int64
	Scheme                                                     string
	BillID                                                     int64
	BillNo                                                     string
	Generation                                                 int32
	OrderKind, WarehouseNumber                                 string
	Account, WarehouseCode, OrderCode, OrderType, CancelReason string
	ExtendProps                                                map[string]string
	OwnerCode, State                                           string
	Triggers                                                   []string
	Evidence, OrdersFrom, HoldReason                           string
	Disposition, VendorMessage, Outcome                        string
	Attempt                                                    int32
	DueTime, CreateTime, UpdateTime                            time.Time
	OutcomeTime                                                *time.Time
	Revision                                                   int32
	RunID                                                      int64
}

func (r cancellationRow) view() ledger.CancellationView {
	v := ledger.CancellationView{
		CancellationID: r.CancellationID, Scheme: r.Scheme, BillID: r.BillID, BillNo: r.BillNo, Generation: r.Generation, OrderKind: r.OrderKind,
		WarehouseNumber: r.WarehouseNumber, Account: r.Account, WarehouseCode: r.WarehouseCode, OrderCode: r.OrderCode, OrderType: r.OrderType,
		CancelReason: r.CancelReason, ExtendProps: r.ExtendProps, OwnerCode: r.OwnerCode, State: r.State, Triggers: r.Triggers,
		Evidence: r.Evidence, OrdersFrom: r.OrdersFrom, HoldReason: r.HoldReason, Disposition: r.Disposition, VendorMessage: r.VendorMessage,
		Outcome: r.Outcome, Attempts: r.Attempt, CreateTime: r.CreateTime.UTC(), UpdateTime: r.UpdateTime.UTC(),
		OutcomeTime: valued(r.OutcomeTime), Revision: r.Revision, RunID: r.RunID,
	}
	if r.State == "open" {
		v.DueTime = r.DueTime.UTC()
	}
	return v
}

// CancellationViews lists cancellations newest first, at most limit, those older than before (0 = from the newest). Conditions that are
// not asked for are not in the statement, so that a bill number is always found by its index.
func (s *Store) CancellationViews(ctx context.Context, f ledger.CancellationFilter, before int64, limit int) ([]ledger.CancellationView, error) {
	where, args := newest("c.cancellation_id", before, limit)
	if f.Scheme != "" {
		where, args["scheme"] = where+` and c.scheme = @scheme`, f.Scheme
	}
	if len(f.States) > 0 {
		where, args["states"] = where+` and c.state = any(@states)`, f.States
	}
	if f.BillNo != "" {
		where, args["bill_no"] = where+` and c.bill_no = @bill_no`, f.BillNo
	}
	if f.WarehouseCode != "" {
		where, args["warehouse_code"] = where+` and c.warehouse_code = @warehouse_code`, f.WarehouseCode
	}
	if !f.CreatedFrom.IsZero() {
		where, args["created_from"] = where+` and c.create_time >= @created_from`, f.CreatedFrom
	}
	if !f.CreatedTo.IsZero() {
		where, args["created_to"] = where+` and c.create_time < @created_to`, f.CreatedTo
	}
	rows, err := readAll[cancellationRow](ctx, s, "list cancellations", cancellationColumns+where+`
order by c.cancellation_id desc
limit @limit`, args)
	return cancellationViews(rows), err
}

// CancellationView answers one cancellation; ledger.ErrNotFound when there is none.
func (s *Store) CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error) {
	rows, err := readAll[cancellationRow](ctx, s, "read cancellation", cancellationColumns+`
where c.cancellation_id = @id`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return ledger.CancellationView{}, err
	}
	if len(rows) == 0 {
		return ledger.CancellationView{}, fmt.Errorf("cancellation %d: %w", id, ledger.ErrNotFound)
	}
	return rows[0].view(), nil
}

func cancellationViews(rows []cancellationRow) []ledger.CancellationView {
	views := make([]ledger.CancellationView, len(rows))
	for i, r := range rows {
		views[i] = r.view()
	}
	return views
}
