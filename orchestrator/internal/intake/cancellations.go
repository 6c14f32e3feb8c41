package intake

import (
	"cmp"
	"slices"
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
		cancellations = append(cancellations, ledger.Cancellation{
			BillID: bill.ID, BillNo: bill.Number, Generation: d.After.Generation, Order: order, Request: request,
			Triggers: d.Triggers, Evidence: d.Evidence, OrdersFrom: d.OrdersFrom, Hold: p.Policy.Hold(d, order),
			NotBefore:    d.NotBefore,
			VerifiedTime: read, BusinessDate: p.businessDate(bill, read),
		})
	}
	page.RunCounts.Add(counts)
	page.Work = append(page.Work, work...)
	return cancellations, nil
}

// namedBy is the revision that says how the orders of a bill's new snapshot are named: as long as the bill was not
// audited anew, that of the one before it.
func (p *Pager) namedBy(d rule.Decision, known *rule.Known) int {
	if known != nil && !d.NewGeneration && known.Snapshot != nil && known.Snapshot.Revision > 0 {
		return known.Snapshot.Revision
	}
	return p.entry.NamedBy(*d.Snapshot, p.entry.Revision)
}

// KeyOf is the order that a request is about.
func KeyOf(r rule.Request) ledger.OrderKey {
	return ledger.OrderKey{
		Account: r.Account, WarehouseCode: r.WarehouseCode, OrderCode: r.OrderCode, OrderType: r.OrderType,
	}
}

// claims are the orders that a bill is the owner of: those of the snapshot that this read gives it, or of its present
// content where it was audited before anybody saw it. An error is one of the mapping, as in cancellations; of a bill
// that the scheme turns down nobody asks for one.
func (p *Pager) claims(d rule.Decision, bill rule.Bill) ([]ledger.OrderKey, error) {
	content := d.Snapshot
	if content == nil && d.After.LastSnapshot == nil && bill.State().WasAudited() && !bill.State().Voided() {
		content = &bill
	}
	if content == nil || d.Class == rule.ClassStale {
		return nil, nil
	}
	claims, err := ClaimsOf(p.entry, p.Policy, *content)
	if err != nil && d.Class != rule.ClassNotSelected {
		return nil, err
	}
	return claims, nil
}

// ClaimsOf are the orders that a bill's content maps to by a scheme, those that can be mapped; the error is that of the
// first that cannot.
func ClaimsOf(e Entry, policy rule.Policy, content rule.Bill) (claims []ledger.OrderKey, err error) {
	orders, _ := rule.Orders(content, policy.Form, policy.Orders)
	for _, order := range orders {
		if warehouse, listed := e.Warehouse(order.Warehouse); !listed || warehouse.Outside {
			continue
		}
		request, fault := e.Map(content, order)
		if fault != nil {
			err = cmp.Or(err, fault)
			continue
		}
		claims = append(claims, KeyOf(request))
	}
	return claims, err
}

// businessDate is the day in the books' zone on which the bill was voided, or seen un-audited or gone.
func (p *Pager) businessDate(bill rule.Bill, read time.Time) time.Time {
	at := read
	if bill.CancelStatus == rule.Voided && !bill.CancelTime.IsZero() {
		at = bill.CancelTime
	}
	local := at.UTC().Add(p.DataCentre.Offset)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
}

// stillThere says whether an order of the bill's last snapshot is one that the bill has now, under another of Kingdee's
// warehouses: several may be one in the WMS.
func (p *Pager) stillThere(
	order rule.Order, known *rule.Known, claims []ledger.OrderKey, owed []ledger.Cancellation,
) bool {
	if known == nil || known.LastSnapshot == nil {
		return false
	}
	if warehouse, listed := p.entry.Warehouse(order.Warehouse); !listed || warehouse.Outside {
		return false
	}
	request, err := p.entry.Map(*known.LastSnapshot, order)
	if err != nil {
		return false
	}
	return slices.Contains(claims, KeyOf(request)) ||
		slices.ContainsFunc(owed, func(c ledger.Cancellation) bool { return KeyOf(c.Request) == KeyOf(request) })
}
