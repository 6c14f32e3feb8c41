package intake

import (
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// cancellations maps the orders that a decision owes and counts the rest. An error means that a mapping cannot make a
// request of one of them: then the whole bill waits for a person, and no order of it is owed until a person has looked.
func (p *Pager) cancellations(page *ledger.Page, d rule.Decision, bill rule.Bill,
	read time.Time) ([]ledger.Cancellation, error) {
	if d.Fault != nil {
		return nil, d.Fault
	}
	if len(d.Triggers) == 0 || p.leaveUnseen(d) {
		return nil, nil
	}
	counts := rule.RunCounts{Orders: int64(len(d.Orders) + d.Outside), OrdersNotInScheme: int64(d.Outside)}
	var cancellations []ledger.Cancellation
	var work []ledger.Work
	seen := map[key]bool{}
	for _, order := range d.Orders {
		warehouse, listed := p.entry.Warehouse(order.Warehouse)
		switch {
		case !listed:
			counts.OrdersNoWarehouse++
			work = append(work, ledger.Work{
				Kind: rule.WorkNoWarehouse, BillID: bill.ID, BillNo: bill.Number,
				Subject: order.Warehouse, Detail: order.Kind().String() + " " + order.Warehouse,
			})
			continue
		case warehouse.Outside:
			counts.OrdersNotInScheme++
			continue
		}
		request, err := p.entry.Map(*d.Content, order)
		if err != nil {
			return nil, err
		}
		k := key{request.Account, request.WarehouseCode, request.OrderCode, request.OrderType}
		if seen[k] {
			// Two orders of one bill that are the same order in the WMS.
			counts.OrdersAlreadyOwed++
			continue
		}
		seen[k] = true
		cancellations = append(cancellations, ledger.Cancellation{
			BillID: bill.ID, BillNo: bill.Number, Generation: d.After.Generation, Order: order, Request: request,
			Triggers: d.Triggers, Evidence: d.Evidence, OrdersFrom: d.OrdersFrom, Hold: d.Hold, NotBefore: d.NotBefore,
			VerifiedTime: read, BusinessDate: p.businessDate(bill, read),
		})
	}
	page.RunCounts.Add(counts)
	page.Work = append(page.Work, work...)
	return cancellations, nil
}

// key is what makes two requests of one bill the same order.
type key struct{ account, warehouse, order, orderType string }

// businessDate is the day in the books' zone on which the bill was voided, or seen un-audited or gone.
func (p *Pager) businessDate(bill rule.Bill, read time.Time) time.Time {
	at := read
	if bill.CancelStatus == rule.Voided && !bill.CancelTime.IsZero() {
		at = bill.CancelTime
	}
	local := at.UTC().Add(p.DataCentre.Offset)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
}
