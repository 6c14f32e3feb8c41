package remap

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// concernedRow is a cancellation that a correction may concern, with what its orders were made from: a snapshot, or the
// bill as it was read then; without it where the ledger has neither.
type concernedRow struct {
	CancellationID int64
	ledger.OrderKey
	BillID          int64
	BillNo          string
	Generation      int
	Question        int
	BillKind        string
	Direction       string
	WarehouseNumber string
	Triggers        []string
	Evidence        string
	OrdersFrom      string
	HoldReason      string
	NotBefore       time.Time
	BusinessDate    time.Time
	Content         []byte
}

// correct names anew what is unsettled of the bills behind from and up to until, where a correction names its order
// otherwise and nothing can have come of it in the WMS. It is planned under the new name, with the hold that it had,
// and its bill is read before it is sent. What the ledger has no snapshot of waits until its bill is read.
func correct(ctx context.Context, tx pgx.Tx, e intake.Entry, from, until int64) error {
	found, err := concerned(ctx, tx, "u.hold_reason, u.not_before", `(
    select cancellation_id, hold_reason, not_before from unsettled_cancellation
    where scheme = $1 and bill_id > $2 and bill_id <= $3
    union all
    select cancellation_id, hold_reason, not_before from shared_cancellation
    where scheme = $1 and bill_id > $2 and bill_id <= $3
) u
join cancellation c using (cancellation_id)`, "true", e.Name, from, until)
	if err != nil {
		return err
	}
	policy := e.Policy(time.Time{}, nil)
	page := ledger.Page{}
	var unread []int64
	for _, r := range found {
		if r.Question > 0 || r.Content == nil {
			unread = append(unread, r.CancellationID)
			continue
		}
		c, mapped, err := named(e, policy, r)
		if err != nil {
			return err
		}
		if mapped {
			page.Cancellations = append(page.Cancellations, c)
		}
	}
	if err := ledger.AskAnew(ctx, tx, e.Name, unread); err != nil {
		return err
	}
	return ledger.PlanCancellations(ctx, tx, &ledger.Run{Scheme: e.Name, Revision: e.Revision}, &page)
}

// concerned are cancellations c of from, where a condition holds, each with its hold and its dwell.
func concerned(
	ctx context.Context, tx pgx.Tx, held, from, where string, args ...any,
) ([]concernedRow, error) {
	rows, err := tx.Query(ctx, `
select c.cancellation_id, o.account, o.warehouse_code, o.order_code, o.order_type, c.bill_id, c.bill_no, c.generation,
       c.question, c.bill_kind, c.direction, c.warehouse_number, c.triggers, c.evidence, c.orders_from, `+held+`,
       c.business_date, coalesce(i.content, r.content) as content
from `+from+`
join warehouse_order o on o.order_id = c.order_id
left join lateral (
    select i.content from bill_snapshot i
    where i.scheme = c.scheme and i.bill_id = c.bill_id and i.generation <= c.generation
    order by i.generation desc limit 1
) i on c.orders_from = 'snapshot'
left join bill_content r on c.orders_from = 'current' and r.scheme = c.scheme and r.bill_id = c.bill_id
    and r.generation = c.generation
where `+where+`
order by c.bill_id, c.cancellation_id`, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[concernedRow])
}

// Renamed are those of these cancellations of a scheme, none of which shares its order with one that is not settled,
// that were planned before a correction and that the newest revision names otherwise: a person who has them asked again
// means the order by its right name. Where something may have come of one in the WMS, or of the one that it ended with,
// it keeps the name that it had; so does what cannot be mapped.
func Renamed(ctx context.Context, tx pgx.Tx, name string, ids []int64) ([]ledger.Renamed, error) {
	found, err := concerned(ctx, tx, "'' as hold_reason, null::timestamptz as not_before", `cancellation c
left join unsettled_cancellation u using (cancellation_id)
left join outcome e on e.cancellation_id = c.cancellation_id and e.revoke_time is null
left join outcome s on s.cancellation_id = e.same_order_as and s.revoke_time is null`,
		`c.scheme = $1 and c.cancellation_id = any($2)
  and c.revision < (select max(v.revision) from scheme_revision v where v.scheme = $1 and v.orders = 'corrected')
  and not coalesce(u.maybe_landed, e.maybe_landed) and coalesce(u.lease_until, e.lease_until) is null
  and not coalesce(s.maybe_landed or s.lease_until is not null, false)`, name, ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	e, err := intake.NewestEntry(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	policy := e.Policy(time.Time{}, nil)
	var anew []ledger.Renamed
	for _, r := range found {
		c, mapped, err := named(e, policy, r)
		if err != nil {
			return nil, err
		}
		if mapped && intake.KeyOf(c.Request) != r.OrderKey {
			anew = append(anew, ledger.Renamed{ID: r.CancellationID, Request: c.Request, Revision: e.Revision})
		}
	}
	return anew, nil
}

// named is a cancellation with its order as the newest revision names it; not mapped where that asks for no such order
// of what it was made from.
func named(e intake.Entry, policy rule.Policy, r concernedRow) (c ledger.Cancellation, mapped bool, err error) {
	if r.Content == nil {
		return c, false, nil
	}
	var bill rule.Bill
	if err := json.Unmarshal(r.Content, &bill); err != nil {
		return c, false, fmt.Errorf("content of bill %d: %w", r.BillID, err)
	}
	orders, _ := rule.Orders(bill, policy.Form, policy.Orders)
	for _, order := range orders {
		if order.BillKind != r.BillKind || order.Direction != r.Direction || order.Warehouse != r.WarehouseNumber {
			continue
		}
		request, err := e.Map(bill, order)
		if err != nil {
			return c, false, nil //nolint:nilerr // as it was decided: what cannot be mapped is no correction
		}
		triggers := make([]rule.Trigger, len(r.Triggers))
		for i, t := range r.Triggers {
			triggers[i] = rule.Trigger(t)
		}
		return ledger.Cancellation{
			BillID: r.BillID, BillNo: r.BillNo, Generation: r.Generation, Order: order, Request: request,
			Triggers: triggers, Evidence: rule.Evidence(r.Evidence), OrdersFrom: rule.OrdersFrom(r.OrdersFrom),
			Hold: rule.HoldReason(r.HoldReason), NotBefore: r.NotBefore, VerifiedTime: time.Unix(0, 0),
			BusinessDate: r.BusinessDate,
		}, true, nil
	}
	return c, false, nil
}
