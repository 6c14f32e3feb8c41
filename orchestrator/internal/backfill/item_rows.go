package backfill

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// owed is what the ledger says of the cancellation of an item.
type owed struct {
	id         int64
	state      rule.CancellationState
	outcome    string
	holdReason string
	fresh      bool
}

// item is what an existing cancellation makes of an item.
func (o owed) item() ledger.ItemState {
	switch {
	case o.state == rule.Held:
		return ledger.ItemHeld
	case o.fresh:
		return ledger.ItemNew
	case o.state == rule.Done, o.state == rule.Closed, o.state == rule.Withdrawn, o.state == rule.DryRun:
		return ledger.ItemSettled
	}
	return ledger.ItemAlreadyOwed
}

// owedFor finds the cancellations of items that are orders, by the position of the item. What was decided in this very
// transaction is fresh.
func owedFor(ctx context.Context, tx pgx.Tx, scheme string, items []ledger.BackfillItem) (map[int]owed, error) {
	var positions, bills, generations []int64
	var kinds, directions, warehouses []string
	for i, item := range items {
		if !item.HasOrder() {
			continue
		}
		d := item.Cancellation
		positions, bills, generations = append(positions, int64(i)), append(bills, d.BillID),
			append(generations, int64(d.Generation))
		kinds, directions = append(kinds, d.Order.BillKind), append(directions, d.Order.Direction)
		warehouses = append(warehouses, ledger.CleanText(d.Order.Warehouse))
	}
	if len(positions) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `
select w.position, c.cancellation_id, c.state, c.outcome, c.hold_reason, coalesce(c.decide_time = now(), false)
from unnest(@positions::bigint[], @bills::bigint[], @kinds::text[], @directions::text[], @warehouses::text[],
         @generations::bigint[]) as w (position, bill_id, bill_kind, direction, warehouse_number, generation)
join cancellation_now c on c.scheme = @scheme and c.bill_id = w.bill_id and c.bill_kind = w.bill_kind
    and c.direction = w.direction and c.warehouse_number = w.warehouse_number and c.generation = w.generation
    and c.question = 0`,
		pgx.StrictNamedArgs{
			"scheme": scheme, "positions": positions, "bills": bills, "kinds": kinds, "directions": directions,
			"warehouses": warehouses, "generations": generations,
		})
	if err != nil {
		return nil, err
	}
	found := map[int]owed{}
	var position int
	var o owed
	_, err = pgx.ForEachRow(rows, []any{&position, &o.id, &o.state, &o.outcome, &o.holdReason, &o.fresh}, func() error {
		found[position] = o
		return nil
	})
	return found, err
}

// standing completes the items of a page that was written in this transaction: each order is a cancellation now.
func standing(
	ctx context.Context, tx pgx.Tx, scheme string, items []ledger.BackfillItem,
) ([]ledger.BackfillItem, error) {
	found, err := owedFor(ctx, tx, scheme, items)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.BackfillItem, len(items))
	for i, item := range items {
		if item.HasOrder() {
			o, ok := found[i]
			if !ok {
				return nil, fmt.Errorf("bill %s: no cancellation was written for order %s",
					item.BillNo, item.Cancellation.OrderCode)
			}
			item.State, item.CancellationID = o.item(), o.id
			if item.State == ledger.ItemHeld {
				item.Detail = o.holdReason
			}
		}
		out[i] = item
	}
	return out, nil
}

// foreseen completes the items of a plan: what each order would be if it were owed now.
func foreseen(
	ctx context.Context, tx pgx.Tx, b *ledger.Run, items []ledger.BackfillItem,
) ([]ledger.BackfillItem, error) {
	found, err := owedFor(ctx, tx, b.Scheme, items)
	if err != nil {
		return nil, err
	}
	var sends bool
	if err := tx.QueryRow(ctx, `select mode = 'send' from scheme where scheme = $1`,
		b.Scheme).Scan(&sends); err != nil {
		return nil, err
	}
	out := make([]ledger.BackfillItem, len(items))
	for i, item := range items {
		o, exists := found[i]
		again := o.state == rule.Withdrawn || o.state == rule.DryRun && b.Backfill.BeforeCutover && sends ||
			o.state == rule.Held && o.holdReason == string(rule.HoldNumberReuse) && item.Cancellation.Hold == ""
		switch {
		case !item.HasOrder():
		case exists && !again:
			o.fresh = false
			item.State, item.CancellationID = o.item(), o.id
			if item.State == ledger.ItemHeld {
				item.Detail = o.holdReason
			}
		case item.Cancellation.Hold != "":
			item.State, item.Detail = ledger.ItemHeld, string(item.Cancellation.Hold)
		default:
			item.State = ledger.ItemNew
		}
		out[i] = item
	}
	return out, nil
}

// insertItems writes items with one statement.
func insertItems(ctx context.Context, tx pgx.Tx, run int64, items []ledger.BackfillItem) error {
	if len(items) == 0 {
		return nil
	}
	rows := make([]itemRow, len(items))
	for i, item := range items {
		d := item.Cancellation
		encoded, err := extendProps(d.ExtendProps)
		if err != nil {
			return err
		}
		rows[i] = itemRow{
			Item: item.Item, BillID: item.BillID, BillNo: item.BillNo, Class: item.Class, State: item.State,
			Warehouse: d.Order.Warehouse, Account: d.Account, WarehouseCode: d.WarehouseCode, OrderCode: d.OrderCode,
			OrderType: d.OrderType, Reason: d.CancelReason, Props: encoded, Owner: d.OwnerCode,
			Triggers: ledger.ArrayOf(d.Triggers), Evidence: d.Evidence, Generation: d.Generation,
			CancellationID: item.CancellationID, Detail: item.Detail,
		}
		if item.HasOrder() {
			rows[i].OrderKind = d.Order.Kind().String()
		}
		if item.Seen != nil {
			text, err := json.Marshal(item.Seen)
			if err != nil {
				return err
			}
			rows[i].Seen = ledger.EscapeNUL(text)
		}
	}
	_, err := tx.Exec(ctx, `
insert into backfill_item (run_id, item, bill_id, bill_no, class, state, order_kind, warehouse_number, account,
    warehouse_code, order_code, order_type, cancel_reason, extend_props, owner_code, triggers, evidence, generation,
    cancellation_id, detail, seen)
select @run, i.item, i.bill_id, i.bill_no, i.class, i.state, i.order_kind, i.warehouse_number, i.account,
    i.warehouse_code, i.order_code, i.order_type, i.cancel_reason, i.extend_props::jsonb, i.owner_code,
    i.triggers::text[], i.evidence, i.generation, i.cancellation_id, i.detail, nullif(i.seen, '')::jsonb
from `+itemColumns.From, itemColumns.Args(rows, pgx.StrictNamedArgs{"run": run}))
	return err
}

// itemRow is an item of a backfill as a statement wants it.
type itemRow struct {
	Item           int64            `col:"item bigint"`
	BillID         int64            `col:"bill_id bigint"`
	BillNo         string           `col:"bill_no text"`
	Class          rule.Class       `col:"class text"`
	State          ledger.ItemState `col:"state text"`
	OrderKind      string           `col:"order_kind text"`
	Warehouse      string           `col:"warehouse_number text"`
	Account        string           `col:"account text"`
	WarehouseCode  string           `col:"warehouse_code text"`
	OrderCode      string           `col:"order_code text"`
	OrderType      string           `col:"order_type text"`
	Reason         string           `col:"cancel_reason text"`
	Props          string           `col:"extend_props text"`
	Owner          string           `col:"owner_code text"`
	Triggers       string           `col:"triggers text"`
	Evidence       rule.Evidence    `col:"evidence text"`
	Generation     int              `col:"generation integer"`
	CancellationID int64            `col:"cancellation_id bigint or null"`
	Detail         string           `col:"detail text"`
	Seen           string           `col:"seen text"`
}

var itemColumns = ledger.ColumnsOf[itemRow]("i")

func extendProps(props map[string]string) (string, error) {
	if props == nil {
		return `{}`, nil
	}
	encoded, err := json.Marshal(props)
	return ledger.CleanText(ledger.EscapeNUL(encoded)), err
}
