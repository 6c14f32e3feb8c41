package intake

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// doubt leaves one about what the first read after the last live one shows, where that maps to an order that the
// snapshot does not map to.
func (p *Pager) doubt(d *rule.Decision, bill rule.Bill) {
	if !d.FirstEnd {
		return
	}
	before, _ := ClaimsOf(p.entry, p.Policy, *d.After.Snapshot)
	// What of it cannot be mapped cannot be asked about. That a revision names orders otherwise makes no other order.
	bill.Revision = d.After.Snapshot.Revision
	now, _ := ClaimsOf(p.entry, p.Policy, bill)
	if slices.ContainsFunc(now, func(k ledger.OrderKey) bool { return !slices.Contains(before, k) }) {
		bill.Revision = p.entry.NamedBy(bill, p.entry.Revision)
		d.MayHaveLived(bill)
	}
}

// ask notes what is asked once more of a bill that may have lived unseen, and what stays open of that. owed are the
// orders that the decision owes.
func (p *Pager) ask(
	page *ledger.Page, write *ledger.BillWrite, d rule.Decision, known *rule.Known, owed []ledger.Cancellation,
) {
	if known == nil {
		return
	}
	before, after := known.Doubt, d.After.Doubt
	write.AskAfter = d.AskAfter
	write.Doubts = !before.Since.Equal(after.Since) || before.Questions != after.Questions ||
		(before.Content == nil) != (after.Content == nil)
	if d.Question == nil {
		return
	}
	var asked []ledger.Cancellation
	for _, c := range owed {
		c.Question = d.Question.Number
		asked = append(asked, c)
	}
	for _, order := range d.Question.Orders {
		warehouse, listed := p.entry.Warehouse(order.Warehouse)
		if !listed || warehouse.Outside {
			continue
		}
		request, err := p.entry.Map(*d.Question.Content, order)
		if err != nil || slices.ContainsFunc(asked,
			func(c ledger.Cancellation) bool { return KeyOf(c.Request) == KeyOf(request) }) {
			continue
		}
		c := ledger.Cancellation{
			BillID: d.After.State.ID, BillNo: d.After.State.Number, Generation: d.After.Generation, Order: order,
			Request: request, Triggers: d.Triggers, Evidence: rule.EvidenceWeak, OrdersFrom: rule.OrdersFromCurrent,
			Hold: d.Hold, NotBefore: d.NotBefore, BusinessDate: p.businessDate(*d.Question.Content, d.After.ReadTime),
			Question: d.Question.Number,
		}
		asked = append(asked, c)
	}
	for i := range asked {
		asked[i].Asked, asked[i].VerifiedTime = d.After.ReadTime, time.Unix(0, 0)
		if asked[i].Hold != rule.HoldNumberReuse {
			asked[i].Hold = "" // what else held the order that is owed, a person has settled
		}
	}
	page.Questions = append(page.Questions, asked...)
	// Whether the doubt is settled shows once the questions are planned.
	write.Doubts = write.Doubts && len(asked) == 0
}
