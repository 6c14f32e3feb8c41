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
// run's. One that exists for the same bill, order and generation is planned anew where plan says so, and else left as
// it is ("already owed"); it keeps all its reasons.
func PlanCancellations(ctx context.Context, tx pgx.Tx, run *Run, page *Page) error {
	if len(page.Cancellations) == 0 {
		return nil
	}
	args, err := cancellationArrays(page.Cancellations)
	if err != nil {
		return err
	}
	args["scheme"], args["revision"], args["run"] = run.Scheme, run.Revision, NullID(run.ID)
	args["traceparent"] = telemetry.Traceparent(ctx)
	args["reuse"], args["reopen"], args["deleted"] = string(rule.HoldNumberReuse),
		page.Reopen, string(rule.TriggerDeleted)
	rows, err := plan(ctx, tx, args)
	if err != nil {
		return err
	}
	var free, all []int64
	for _, p := range rows {
		all = append(all, p.CancellationID)
		if p.HoldReason == "" {
			page.RunCounts.OrdersNew++
			free = append(free, p.CancellationID)
		} else {
			page.RunCounts.OrdersHeld++
		}
	}
	page.RunCounts.OrdersAlreadyOwed += int64(len(page.Cancellations) - len(all))
	if err := addReasons(ctx, tx, args); err != nil {
		return err
	}
	if err := closeKind(ctx, tx, all, rule.WorkUnread, "owed anew"); err != nil {
		return err
	}
	return closeKind(ctx, tx, free, rule.WorkNumberReuse, "owed for another reason, too")
}

// cancellationKeys are the columns that name a cancellation, and what calls for it.
const cancellationKeys = `@bills::bigint[], @generations::integer[], @accounts::text[], @warehouses::text[],
    @orders::text[], @types::text[], @triggers::text[]`

// orderOf is the order o that d names, and cancellationOf the cancellation c of @scheme, once its order is told.
const (
	orderOf = `o.account = d.account and o.warehouse_code = d.warehouse and o.order_code = d.order_code
    and o.order_type = d.order_type`
	cancellationOf = `c.scheme = @scheme and c.bill_id = d.bill_id and c.generation = d.generation and c.question = 0`
)

// writeOrders writes the orders that are not known yet, each once, in the order in which everybody does.
func writeOrders(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) error {
	_, err := tx.Exec(ctx, `
insert into warehouse_order (account, warehouse_code, order_code, order_type)
select distinct d.account, d.warehouse, d.order_code, d.order_type
from unnest(@accounts::text[], @warehouses::text[], @orders::text[], @types::text[])
  as d (account, warehouse, order_code, order_type)
order by d.account, d.warehouse, d.order_code, d.order_type
on conflict on constraint warehouse_order_once do nothing`, pgx.StrictNamedArgs{
		"accounts": args["accounts"], "warehouses": args["warehouses"],
		"orders": args["orders"], "types": args["types"],
	})
	return err
}

// keysOf are the args that name cancellations.
func keysOf(args pgx.StrictNamedArgs) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"scheme": args["scheme"], "bills": args["bills"], "generations": args["generations"],
		"accounts": args["accounts"], "warehouses": args["warehouses"],
		"orders": args["orders"], "types": args["types"],
		"triggers": args["triggers"],
	}
}

// lockPlanned locks those cancellations of a page that exist already, and how they stand.
func lockPlanned(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) error {
	rows, err := tx.Query(ctx, `
select c.cancellation_id
from unnest(`+cancellationKeys+`) as d (bill_id, generation, account, warehouse, order_code, order_type, triggers)
join warehouse_order o on `+orderOf+`
join cancellation c on c.order_id = o.order_id and `+cancellationOf+`
order by c.cancellation_id
for no key update of c`, keysOf(args))
	if err != nil {
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
func addReasons(ctx context.Context, tx pgx.Tx, args pgx.StrictNamedArgs) error {
	named := keysOf(args)
	named["not_before"] = args["not_before"]
	_, err := tx.Exec(ctx, `
with called as (
    select c.cancellation_id, d.triggers::text[] as triggers, d.not_before
    from unnest(`+cancellationKeys+`, @not_before::timestamptz[])
      as d (bill_id, generation, account, warehouse, order_code, order_type, triggers, not_before)
    join warehouse_order o on `+orderOf+`
    join cancellation c on c.order_id = o.order_id and `+cancellationOf+`
), added as (
    update cancellation c
    set triggers = c.triggers || array(select t from unnest(d.triggers) t where t <> all (c.triggers)),
        update_time = now()
    from called d
    where c.cancellation_id = d.cancellation_id and not c.triggers @> d.triggers
)
update unsettled_cancellation c set not_before = d.not_before, update_time = now()
from called d
where c.cancellation_id = d.cancellation_id and c.state in ('planned', 'open', 'held')
  and c.not_before is distinct from d.not_before`, named)
	return err
}

// cancellationArrays lays cancellations out as arrays, one element a cancellation.
func cancellationArrays(cancellations []Cancellation) (pgx.StrictNamedArgs, error) {
	n := len(cancellations)
	var (
		bills, generations                    = make([]int64, n), make([]int, n)
		billNos, affairs, directions, numbers = make([]string,
			n), make([]string, n), make([]string, n), make([]string, n)
		accounts, warehouses, orders, types, reasons, owners = make([]string,
			n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		props, triggers, evidence, ordersFrom, holds = make([]string,
			n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		notBefore, verified, dates = make([]*time.Time,
			n), make([]time.Time, n), make([]time.Time, n)
	)
	for i, d := range cancellations {
		encoded, err := json.Marshal(d.ExtendProps)
		if err != nil {
			return nil, err
		}
		if d.ExtendProps == nil {
			encoded = []byte(`{}`)
		}
		bills[i], generations[i], billNos[i] = d.BillID, d.Generation, CleanText(d.BillNo)
		affairs[i], directions[i], numbers[i] = d.Order.Affair, d.Order.Direction, CleanText(d.Order.Warehouse)
		accounts[i], warehouses[i], orders[i], types[i] = d.Account, d.WarehouseCode,
			CleanText(d.OrderCode), d.OrderType
		reasons[i], owners[i], props[i] = CleanText(d.CancelReason),
			CleanText(d.OwnerCode), CleanText(EscapeNUL(encoded))
		triggers[i], evidence[i], ordersFrom[i], holds[i] = ArrayOf(d.Triggers), string(d.Evidence),
			string(d.OrdersFrom), string(d.Hold)
		notBefore[i], verified[i], dates[i] = NullTime(d.NotBefore), d.VerifiedTime, d.BusinessDate
	}
	return pgx.StrictNamedArgs{
		"bills": bills, "bill_nos": billNos, "generations": generations, "affairs": affairs,
		"directions": directions, "numbers": numbers,
		"accounts": accounts, "warehouses": warehouses, "orders": orders, "types": types, "reasons": reasons,
		"props": props, "owners": owners,
		"triggers": triggers, "evidence": evidence, "orders_from": ordersFrom, "holds": holds, "not_before": notBefore,
		"verified": verified, "dates": dates,
	}, nil
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
