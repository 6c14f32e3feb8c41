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

// unsettledRow is an unsettled cancellation that a correction may concern, with the snapshot that its orders were made
// from.
type unsettledRow struct {
	CancellationID  int64
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
	rows, err := tx.Query(ctx, `
select c.cancellation_id, c.bill_id, c.bill_no, c.generation, c.question, c.bill_kind, c.direction, c.warehouse_number,
       c.triggers, c.evidence, c.orders_from, u.hold_reason, u.not_before, c.business_date, i.content
from (
    select cancellation_id, hold_reason, not_before from unsettled_cancellation
    where scheme = $1 and bill_id > $2 and bill_id <= $3
    union all
    select cancellation_id, hold_reason, not_before from shared_cancellation
    where scheme = $1 and bill_id > $2 and bill_id <= $3
) u
join cancellation c using (cancellation_id)
left join lateral (
    select i.content from bill_snapshot i
    where i.scheme = c.scheme and i.bill_id = c.bill_id and i.generation <= c.generation
    order by i.generation desc limit 1
) i on c.orders_from = 'snapshot'
order by c.bill_id, c.cancellation_id`, e.Name, from, until)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[unsettledRow])
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
		var bill rule.Bill
		if err := json.Unmarshal(r.Content, &bill); err != nil {
			return fmt.Errorf("snapshot of bill %d: %w", r.BillID, err)
		}
		if c, mapped := named(e, policy, bill, r); mapped {
			page.Cancellations = append(page.Cancellations, c)
		}
	}
	if err := ledger.AskAnew(ctx, tx, e.Name, unread); err != nil {
		return err
	}
	return ledger.PlanCancellations(ctx, tx, &ledger.Run{Scheme: e.Name, Revision: e.Revision}, &page)
}

// named is an unsettled cancellation with its order as the newest revision names it; not mapped where that asks for no
// such order of the bill.
func named(e intake.Entry, policy rule.Policy, bill rule.Bill, r unsettledRow) (c ledger.Cancellation, mapped bool) {
	orders, _ := rule.Orders(bill, policy.Form, policy.Orders)
	for _, order := range orders {
		if order.BillKind != r.BillKind || order.Direction != r.Direction || order.Warehouse != r.WarehouseNumber {
			continue
		}
		request, err := e.Map(bill, order)
		if err != nil {
			return c, false // as it was decided: what cannot be mapped is no correction
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
		}, true
	}
	return c, false
}
