package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// beforeCorrection is true of a cancellation f that was planned before a revision of @scheme corrected how orders are
// named that are there.
const beforeCorrection = `f.revision < (select max(v.revision) from scheme_revision v
    where v.scheme = @scheme and v.orders = 'corrected')`

// wasCorrected is why what a correction concerns is withdrawn.
const wasCorrected = `'withdrawn', 'corrected', false`

// TakeCorrected withdraws what is unsettled for the same as what is owed now, where it was planned before a correction,
// and about an order that is named otherwise by now: planned, open, held and needs_attention become withdrawn. Not so
// where something may have come of it in the WMS, under the name that it had. It answers what it withdrew, and closes
// its work items.
func TakeCorrected(ctx context.Context, tx pgx.Tx, scheme string, cancellations []Cancellation) ([]int64, error) {
	owed, err := owedRows(cancellations)
	if err != nil {
		return nil, err
	}
	taken, err := settleFound(ctx, tx, `
with otherwise as materialized (
    select c.cancellation_id
    from `+owedColumns.From+`
    `+orderOf+`
    `+cancellationOf+`
    join cancellation f on f.cancellation_id = c.cancellation_id
    where c.order_id <> o.order_id and `+beforeCorrection+`
)`, `c.scheme = @scheme and `+neverLanded+`
      and c.cancellation_id in (select e.cancellation_id from otherwise e)`, wasCorrected,
		owedColumns.Args(owed, pgx.StrictNamedArgs{"scheme": scheme}))
	if err != nil {
		return nil, err
	}
	return taken, CloseCancellationWork(ctx, tx, taken, "named otherwise")
}

// AskAnew withdraws what is unsettled of these and can be named anew only once its bill is read, which are questions:
// planned, open, held and needs_attention become withdrawn where it was planned before a correction and nothing may
// have come of it in the WMS. The next run reads the bills, and asks anew. What is gone from Kingdee stays as it is; so
// does what a backfill found, because the next run may take it for older than the cutover.
func AskAnew(ctx context.Context, tx pgx.Tx, scheme string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := lockOrdersOf(ctx, tx, ids); err != nil {
		return err
	}
	if err := LockStanding(ctx, tx, ids); err != nil {
		return err
	}
	taken, err := settleFound(ctx, tx, `
with otherwise as materialized (
    select f.cancellation_id
    from cancellation f join bill b using (scheme, bill_id)
    where f.cancellation_id = any(@ids) and b.gone_time is null and `+beforeCorrection+`
      and not exists (select from run r where r.run_id = f.run_id and r.kind = 'backfill')
)`, `c.scheme = @scheme and `+neverLanded+`
      and c.cancellation_id in (select e.cancellation_id from otherwise e)`, wasCorrected,
		pgx.StrictNamedArgs{"scheme": scheme, "ids": ids})
	if err != nil || len(taken) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `
with taken as (select f.scheme, f.bill_id, f.question from cancellation f where f.cancellation_id = any($1)),
doubted as (
    update bill_doubt d set doubted_since = coalesce(d.doubted_since, now()), store_time = now(), asked_time = null
    from taken t where d.scheme = t.scheme and d.bill_id = t.bill_id and t.question > 0
)
update bill b set reread_time = now() from taken t where b.scheme = t.scheme and b.bill_id = t.bill_id`,
		taken); err != nil {
		return err
	}
	if err := FollowSenders(ctx, tx, taken); err != nil {
		return err
	}
	return CloseCancellationWork(ctx, tx, taken, "named otherwise")
}

// Renamed is a cancellation whose order is named otherwise by now than it was asked for, with the request that asks for
// it by that name, and the revision of its scheme that names it so.
type Renamed struct {
	ID int64
	rule.Request
	Revision int
}

// renamedRow is a Renamed as a statement wants it.
type renamedRow struct {
	ID        int64  `col:"id bigint"`
	Account   string `col:"account text"`
	Warehouse string `col:"warehouse text"`
	OrderCode string `col:"order_code text"`
	OrderType string `col:"order_type text"`
	Reason    string `col:"reason text"`
	Props     string `col:"props text"`
	Owner     string `col:"owner text"`
	Revision  int    `col:"revision integer"`
}

var renamedColumns = ColumnsOf[renamedRow]("d")

// takeRenamed locks the orders of what is to be opened under other names, and withdraws what of it is unsettled, unless
// something may have come of it in the WMS: open and needs_attention become withdrawn. It answers the rows, and what it
// withdrew.
func takeRenamed(ctx context.Context, tx pgx.Tx, anew []Renamed) (rows []renamedRow, taken []int64, err error) {
	if len(anew) == 0 {
		return nil, nil, nil
	}
	orders, ids := make([]orderRow, len(anew)), make([]int64, len(anew))
	for i, r := range anew {
		props, err := propsOf(r.ExtendProps)
		if err != nil {
			return nil, nil, err
		}
		ids[i], orders[i] = r.ID, orderRow{r.Account, r.WarehouseCode, r.OrderCode, r.OrderType}
		rows = append(rows, renamedRow{
			ID: r.ID, Account: r.Account, Warehouse: r.WarehouseCode, OrderCode: r.OrderCode, OrderType: r.OrderType,
			Reason: r.CancelReason, Props: props, Owner: r.OwnerCode, Revision: r.Revision,
		})
	}
	if err := writeOrders(ctx, tx, orders); err != nil {
		return nil, nil, err
	}
	if err := lockOrders(ctx, tx, orders); err != nil {
		return nil, nil, err
	}
	taken, err = settledIDs(ctx, tx, settle(`
        c.cancellation_id = any($1) and c.state in ('needs_attention', 'open') and `+neverLanded, wasCorrected), ids)
	return rows, taken, err
}
