package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const cancellationColumns = `
select c.cancellation_id, c.scheme, c.bill_id, c.bill_no, c.generation, c.affair_type || '.' || c.direction as order_kind, c.warehouse_number,
       c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason, c.extend_props, c.owner_code, c.state, c.triggers,
       c.evidence, c.orders_from, case when c.state = 'held' then c.hold_reason else '' end as hold_reason, c.disposition, c.vendor_message,
       c.outcome, c.attempt as attempts, case when c.state = 'open' then c.due_time end as due_time, c.create_time, c.update_time, c.outcome_time, c.revision, coalesce(c.run_id, 0) as run_id
from cancellation c`

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
	return readAll[ledger.CancellationView](ctx, s.pool, "list cancellations", cancellationColumns+where+`
order by c.cancellation_id desc
limit @limit`, args)
}

// CancellationView answers one cancellation; ledger.ErrNotFound when there is none.
func (s *Store) CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error) {
	return readOne[ledger.CancellationView](ctx, s.pool, "read cancellation", cancellationColumns+`
where c.cancellation_id = @id`, pgx.StrictNamedArgs{"id": id}, fmt.Sprintf("cancellation %d", id))
}
