package ledger

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Conditions is all of a filter but its states: conditions on the facts c of a cancellation, with its order as order,
// and on how it stands, as standing. Values go into args. Conditions that are not asked for are not in the statement,
// so that a bill number is always found by its index.
func (f CancellationFilter) Conditions(order, standing string, args pgx.StrictNamedArgs) (facts, stands string) {
	add := func(to *string, asked bool, name, condition string, value any) {
		if asked {
			*to += " and " + condition
			args[name] = value
		}
	}
	add(&facts, f.Scheme != "", "scheme", `c.scheme = @scheme`, f.Scheme)
	add(&facts, len(f.IDs) > 0, "ids", `c.cancellation_id = any(@ids)`, f.IDs)
	add(&facts, f.BillNo != "", "bill_no", `c.bill_no = @bill_no`, f.BillNo)
	add(&facts, f.WarehouseCode != "", "warehouse_code", order+`.warehouse_code = @warehouse_code`, f.WarehouseCode)
	add(&facts, f.Account != "", "account", order+`.account = @account`, f.Account)
	add(&facts, f.WorkKind != "", "work_kind", `exists (
    select from work_item w
    where w.cancellation_id = c.cancellation_id and w.kind = @work_kind and w.close_time is null)`, f.WorkKind)
	add(&facts, f.WorkItemID != 0, "work_item_id", `c.cancellation_id in (
    select w.cancellation_id from work_item w where w.work_item_id = @work_item_id
    union all
    select u.cancellation_id
    from unsettled_cancellation u
    where u.awaits_text and u.text_id = (
        select nullif(w.subject, '')::bigint from work_item w
        where w.work_item_id = @work_item_id and w.kind = 'answer_unrecognised'))`, f.WorkItemID)
	add(&facts, !f.CreatedFrom.IsZero(), "created_from", `c.create_time >= @created_from`, f.CreatedFrom)
	add(&facts, !f.CreatedTo.IsZero(), "created_to", `c.create_time < @created_to`, f.CreatedTo)
	add(&facts, f.OrderKind != "", "order_kind",
		`concat_ws('.', nullif(c.bill_kind, ''), c.direction) = @order_kind`, f.OrderKind)
	add(&facts, f.WarehouseNumber != "", "warehouse_number",
		`c.warehouse_number = @warehouse_number`, f.WarehouseNumber)
	add(&facts, f.StockOrgNumber != "", "stock_org_number", `exists (
    select from bill b
    where b.scheme = c.scheme and b.bill_id = c.bill_id and b.org = @stock_org_number)`, f.StockOrgNumber)
	add(&stands, f.Text != "", "text", `(strpos(lower(`+standing+`.vendor_message), lower(@text)) > 0
    or strpos(lower(c.cancel_reason), lower(@text)) > 0)`, f.Text)
	add(&stands, !f.UpdatedFrom.IsZero(), "updated_from", standing+`.update_time >= @updated_from`, f.UpdatedFrom)
	add(&stands, !f.UpdatedTo.IsZero(), "updated_to", standing+`.update_time < @updated_to`, f.UpdatedTo)
	add(&stands, !f.OutcomeFrom.IsZero(), "outcome_from", standing+`.outcome_time >= @outcome_from`, f.OutcomeFrom)
	add(&stands, !f.OutcomeTo.IsZero(), "outcome_to", standing+`.outcome_time < @outcome_to`, f.OutcomeTo)
	add(&stands, f.Disposition != "", "disposition", standing+`.disposition = @disposition`, f.Disposition)
	add(&stands, f.VendorMessage != "", "vendor_message",
		`btrim(`+standing+`.vendor_message, E' \t\r\n') = btrim(@vendor_message, E' \t\r\n')`, f.VendorMessage)
	add(&stands, f.VendorCode != "", "vendor_code", `exists (
    select from attempt v
    where v.cancellation_id = c.cancellation_id and v.vendor_code = @vendor_code
      and v.attempt = `+standing+`.attempt - (`+standing+`.lease_until is not null)::integer)`, f.VendorCode)
	add(&stands, f.HoldReason != "", "hold_reason",
		standing+`.state = 'held' and `+standing+`.hold_reason = @hold_reason`, f.HoldReason)
	return facts, stands
}

// InStates are the states in which what a filter asks for can be: those that it names, of those that the rest of it
// leaves; none is all. possible is false where none is left.
func (f CancellationFilter) InStates() (states []string, possible bool) {
	states = f.States
	narrow := func(to ...rule.CancellationState) {
		var left []string
		for _, state := range to {
			if len(states) == 0 || slices.Contains(states, string(state)) {
				left = append(left, string(state))
			}
		}
		states, possible = left, possible && len(left) > 0
	}
	possible = true
	if f.HoldReason != "" {
		narrow(rule.Held)
	}
	if possible && !(f.OutcomeFrom.IsZero() && f.OutcomeTo.IsZero()) {
		narrow(rule.Done, rule.Withdrawn, rule.DryRun, rule.Closed)
	}
	return states, possible
}
