package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// PlanCancellations writes the page's cancellations as planned, under the run's id, or none where the page is not a
// run's. One that exists for the same bill, order kind, warehouse and generation is planned anew where plan says so,
// and else left as it is ("already owed"); it keeps all its reasons. A further owner of an order is already owed, too.
func PlanCancellations(ctx context.Context, tx pgx.Tx, run *Run, page *Page) error {
	if len(page.Cancellations) == 0 {
		return nil
	}
	owed, err := owedRows(page.Cancellations)
	if err != nil {
		return err
	}
	keys := keyArgs(run.Scheme, owed)
	if err := writeOrders(ctx, tx, ordersOf(owed)); err != nil {
		return err
	}
	if err := lockPlanned(ctx, tx, owed, keys); err != nil {
		return err
	}
	taken, err := TakeOver(ctx, tx, run.Scheme, page.Cancellations)
	if err != nil {
		return err
	}
	corrected, err := TakeCorrected(ctx, tx, run.Scheme, page.Cancellations)
	if err != nil {
		return err
	}
	rows, err := plan(ctx, tx, owedColumns.Args(owed, pgx.StrictNamedArgs{
		"scheme": run.Scheme, "revision": run.Revision, "run": NullID(run.ID),
		"traceparent": telemetry.Traceparent(ctx), "reuse": string(rule.HoldNumberReuse), "reopen": page.Reopen,
		"gone": page.Gone,
	}))
	if err != nil {
		return err
	}
	var free, all []int64
	shared := 0
	for _, p := range rows {
		all = append(all, p.CancellationID)
		if p.Shared {
			shared++
		} else if p.HoldReason == "" {
			page.RunCounts.OrdersNew++
			free = append(free, p.CancellationID)
		} else {
			page.RunCounts.OrdersHeld++
		}
	}
	page.RunCounts.OrdersAlreadyOwed += int64(len(page.Cancellations) - len(all) + shared)
	if err := endQuestions(ctx, tx, all); err != nil {
		return err
	}
	if err := FollowSenders(ctx, tx, append(corrected, taken...)); err != nil {
		return err
	}
	if err := pointToLater(ctx, tx, taken); err != nil {
		return err
	}
	if err := addReasons(ctx, tx, keys); err != nil {
		return err
	}
	for _, kind := range []rule.WorkKind{rule.WorkUnread, rule.WorkOrderClaimed} {
		if err := closeKind(ctx, tx, all, kind, "owed anew"); err != nil {
			return err
		}
	}
	return closeKind(ctx, tx, free, rule.WorkNumberReuse, "owed for another reason, too")
}

// orderRow is an order as a statement wants it, keyRow what names a cancellation and what calls for it, and owedRow a
// cancellation that is owed.
type (
	orderRow struct {
		Account   string `col:"account text"`
		Warehouse string `col:"warehouse text"`
		OrderCode string `col:"order_code text"`
		OrderType string `col:"order_type text"`
	}
	keyRow struct {
		BillID     int64     `col:"bill_id bigint"`
		Generation int       `col:"generation integer"`
		BillKind   string    `col:"bill_kind text"`
		Direction  string    `col:"direction text"`
		Number     string    `col:"number text"`
		Triggers   string    `col:"triggers text"`
		NotBefore  time.Time `col:"not_before timestamptz"`
	}
	owedRow struct {
		BillID       int64           `col:"bill_id bigint"`
		Generation   int             `col:"generation integer"`
		Account      string          `col:"account text"`
		Warehouse    string          `col:"warehouse text"`
		OrderCode    string          `col:"order_code text"`
		OrderType    string          `col:"order_type text"`
		Triggers     string          `col:"triggers text"`
		NotBefore    time.Time       `col:"not_before timestamptz"`
		BillKind     string          `col:"bill_kind text"`
		Direction    string          `col:"direction text"`
		Number       string          `col:"number text"`
		BillNo       string          `col:"bill_no text"`
		Reason       string          `col:"reason text"`
		Props        string          `col:"props text"`
		Owner        string          `col:"owner text"`
		Evidence     rule.Evidence   `col:"evidence text"`
		OrdersFrom   rule.OrdersFrom `col:"orders_from text"`
		Hold         rule.HoldReason `col:"hold text"`
		Verified     time.Time       `col:"verified timestamptz"`
		BusinessDate time.Time       `col:"business_date date"`
	}
)

var (
	orderColumns = ColumnsOf[orderRow]("d")
	keyColumns   = ColumnsOf[keyRow]("d")
	owedColumns  = ColumnsOf[owedRow]("d")
)

// owedRows are cancellations as a statement wants them.
func owedRows(cancellations []Cancellation) ([]owedRow, error) {
	rows := make([]owedRow, len(cancellations))
	for i, d := range cancellations {
		props, err := propsOf(d.ExtendProps)
		if err != nil {
			return nil, err
		}
		rows[i] = owedRow{
			BillID: d.BillID, Generation: d.Generation, Account: d.Account, Warehouse: d.WarehouseCode,
			OrderCode: d.OrderCode, OrderType: d.OrderType, Triggers: ArrayOf(d.Triggers), NotBefore: d.NotBefore,
			BillKind: d.Order.BillKind, Direction: d.Order.Direction, Number: d.Order.Warehouse, BillNo: d.BillNo,
			Reason: d.CancelReason, Props: props, Owner: d.OwnerCode, Evidence: d.Evidence,
			OrdersFrom: d.OrdersFrom, Hold: d.Hold, Verified: d.VerifiedTime, BusinessDate: d.BusinessDate,
		}
	}
	return rows, nil
}

// propsOf is what a request says besides, as a statement wants it.
func propsOf(props map[string]string) (string, error) {
	if props == nil {
		return `{}`, nil
	}
	encoded, err := json.Marshal(props)
	return EscapeNUL(encoded), err
}

// keyArgs are the args that name cancellations of a scheme.
func keyArgs(scheme string, owed []owedRow) pgx.StrictNamedArgs {
	keys := make([]keyRow, len(owed))
	for i, d := range owed {
		keys[i] = keyRow{
			d.BillID, d.Generation, d.BillKind, d.Direction, d.Number, d.Triggers, d.NotBefore,
		}
	}
	return keyColumns.Args(keys, pgx.StrictNamedArgs{"scheme": scheme})
}

// orderOf joins the order o that d names, and cancellationOf the cancellation c of @scheme that d names.
// Each row asks for its own, by key, whatever Postgres believes of how large the tables are.
const (
	orderOf = `cross join lateral (select o.order_id from warehouse_order o
        where o.account = d.account and o.warehouse_code = d.warehouse and o.order_code = d.order_code
          and o.order_type = d.order_type offset 0) o`
	cancellationOf = `cross join lateral (select c.cancellation_id, c.triggers, c.order_id from cancellation c
        where c.scheme = @scheme and c.bill_id = d.bill_id and c.bill_kind = d.bill_kind
          and c.direction = d.direction and c.warehouse_number = d.number and c.generation = d.generation
          and c.question = 0 offset 0) c`
)

func ordersOf(owed []owedRow) []orderRow {
	orders := make([]orderRow, len(owed))
	for i, d := range owed {
		orders[i] = orderRow{d.Account, d.Warehouse, d.OrderCode, d.OrderType}
	}
	return orders
}

// writeOrders writes the orders that are not known yet, each once, in the order in which everybody does.
func writeOrders(ctx context.Context, tx pgx.Tx, orders []orderRow) error {
	_, err := tx.Exec(ctx, `
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select distinct d.account, d.warehouse, d.order_code, d.order_type
from `+orderColumns.From+`
order by d.account, d.warehouse, d.order_code, d.order_type
on conflict on constraint warehouse_order_once do nothing`, orderColumns.Args(orders, nil))
	return err
}

// lockPlanned locks the orders of a page and what is unsettled of them, and those cancellations of it that exist
// already, and how they stand.
func lockPlanned(ctx context.Context, tx pgx.Tx, owed []owedRow, keys pgx.StrictNamedArgs) error {
	rows, err := tx.Query(ctx, `
select o.order_id from `+orderColumns.From+` `+orderOf+`
union
select c.order_id from `+keyColumns.From+` `+cancellationOf, orderColumns.Args(ordersOf(owed), keys))
	if err != nil {
		return err
	}
	orders, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	if err := lockSenders(ctx, tx, orders); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, `
select c.cancellation_id
from `+keyColumns.From+`
`+cancellationOf+`
order by c.cancellation_id
for no key update of c`, keys); err != nil {
		return err
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(known) == 0 {
		return err
	}
	return LockStanding(ctx, tx, known)
}

// addReasons adds what calls for the page's cancellations now to what did before, also for those that have ended; and
// those that have not wait for a dwell only while nothing else calls for them.
func addReasons(ctx context.Context, tx pgx.Tx, keys pgx.StrictNamedArgs) error {
	_, err := tx.Exec(ctx, `
with called as (
    select c.cancellation_id, d.triggers::text[] as triggers, d.not_before
    from `+keyColumns.From+`
    `+cancellationOf+`
), added as (
    update cancellation c
    set triggers = c.triggers || array(select t from unnest(d.triggers) t where t <> all (c.triggers)),
        update_time = now()
    from called d
    where c.cancellation_id = d.cancellation_id and not c.triggers @> d.triggers
), dwelling as (
    update shared_cancellation c set not_before = d.not_before, update_time = now()
    from called d
    where c.cancellation_id = d.cancellation_id and c.not_before is distinct from d.not_before
)
update unsettled_cancellation c set not_before = d.not_before, update_time = now()
from called d
where c.cancellation_id = d.cancellation_id and c.state in ('planned', 'open', 'held')
  and c.not_before is distinct from d.not_before`, keys)
	return err
}

// ArrayOf writes triggers as Postgres writes an array: they are words of a closed list, so nothing needs quoting.
func ArrayOf(triggers []rule.Trigger) string {
	text := "{"
	for i, t := range triggers {
		if i > 0 {
			text += ","
		}
		text += string(t)
	}
	return text + "}"
}

// MoveBill lets the cancellations and work items of a bill be those of the id under which it is kept from now on. What
// opens an item about one of its cancellations at this moment has locked the changing row, and is waited for first.
func MoveBill(ctx context.Context, tx pgx.Tx, scheme string, from, to int64) error {
	for _, table := range []string{
		"unsettled_cancellation", "shared_cancellation", "cancellation", "work_item", "work_item_bill",
	} {
		if _, err := tx.Exec(ctx, `update `+table+` set bill_id = $3 where scheme = $1 and bill_id = $2`,
			scheme, from, to); err != nil {
			return err
		}
	}
	return nil
}
