package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// planDebts writes the page's debts as planned. One that exists for the same bill, order and epoch is left as it is ("already
// owed"), unless it was superseded: then its trigger holds again, and it is planned anew. Something had spoken against it, so its bill
// is read again, by number too, before it is sent.
func planDebts(ctx context.Context, tx pgx.Tx, pass *ledger.Pass, page *ledger.Page) error {
	if len(page.Debts) == 0 {
		return nil
	}
	n := len(page.Debts)
	var (
		bills, epochs                                        = make([]int64, n), make([]int, n)
		billNos, affairs, directions, numbers                = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		accounts, warehouses, orders, types, reasons, owners = make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		props, evidence, legsFrom, holds                     = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		verified, dates                                      = make([]time.Time, n), make([]time.Time, n)
	)
	for i, d := range page.Debts {
		encoded, err := json.Marshal(d.ExtendProps)
		if err != nil {
			return err
		}
		if d.ExtendProps == nil {
			encoded = []byte(`{}`)
		}
		bills[i], epochs[i], billNos[i] = d.BillID, d.Epoch, clean(d.BillNo)
		affairs[i], directions[i], numbers[i] = d.Leg.Affair, d.Leg.Direction, clean(d.Leg.Warehouse)
		accounts[i], warehouses[i], orders[i], types[i] = d.Account, d.WarehouseCode, clean(d.OrderCode), d.OrderType
		reasons[i], owners[i], props[i] = clean(d.CancelReason), clean(d.OwnerCode), clean(escapeNUL(encoded))
		evidence[i], legsFrom[i], holds[i] = string(d.Evidence), string(d.LegsFrom), string(d.Hold)
		verified[i], dates[i] = d.VerifiedTime, d.BusinessDate
	}
	rows, err := tx.Query(ctx, `
insert into cancellation (scheme, bill_id, bill_no, epoch, affair_type, direction, warehouse_number, account, warehouse_code, order_code,
    order_type, cancel_reason, extend_props, owner_code, evidence, legs_from, revision, pass_id, business_date, state, hold_reason, verified_time)
select @scheme, d.bill_id, d.bill_no, d.epoch, d.affair, d.direction, d.number, d.account, d.warehouse, d.order_code,
    d.order_type, d.reason, d.props::jsonb, d.owner, d.evidence, d.legs_from, @revision, @pass, d.business_date, 'planned', d.hold, d.verified
from unnest(@bills::bigint[], @bill_nos::text[], @epochs::integer[], @affairs::text[], @directions::text[], @numbers::text[], @accounts::text[],
    @warehouses::text[], @orders::text[], @types::text[], @reasons::text[], @props::text[], @owners::text[], @evidence::text[],
    @legs_from::text[], @holds::text[], @verified::timestamptz[], @dates::date[])
  as d (bill_id, bill_no, epoch, affair, direction, number, account, warehouse, order_code, order_type, reason, props, owner, evidence,
    legs_from, hold, verified, business_date)
on conflict on constraint cancellation_one_debt do update
set state = 'planned', hold_reason = excluded.hold_reason, outcome = '', inferred = false, outcome_time = null, decide_time = null,
    verified_time = 'epoch', number_read_time = null, unread_since = null, pass_id = excluded.pass_id, revision = excluded.revision,
    bill_no = excluded.bill_no, cancel_reason = excluded.cancel_reason, extend_props = excluded.extend_props,
    owner_code = excluded.owner_code, evidence = excluded.evidence, legs_from = excluded.legs_from, due_time = now(), same_disposition = '', same_count = 0, same_since = null, update_time = now()
where cancellation.state = 'superseded'
returning hold_reason`,
		pgx.StrictNamedArgs{
			"scheme": pass.Scheme, "revision": pass.Revision, "pass": pass.ID, "bills": bills, "bill_nos": billNos, "epochs": epochs,
			"affairs": affairs, "directions": directions, "numbers": numbers, "accounts": accounts, "warehouses": warehouses, "orders": orders,
			"types": types, "reasons": reasons, "props": props, "owners": owners, "evidence": evidence, "legs_from": legsFrom, "holds": holds,
			"verified": verified, "dates": dates,
		})
	if err != nil {
		return err
	}
	planned, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, hold := range planned {
		if hold == "" {
			page.Funnel.LegsNew++
		} else {
			page.Funnel.LegsHeld++
		}
	}
	page.Funnel.LegsAlreadyOwed += int64(n - len(planned))
	return nil
}
