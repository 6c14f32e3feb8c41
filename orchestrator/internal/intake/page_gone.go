package intake

import (
	"fmt"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// DecideGone lets the rules decide a bill that was proved gone, together with so many others.
func (p *Pager) DecideGone(page *ledger.Page, known rule.Known, absentSince, at time.Time, together int) {
	d := rule.DecideGone(p.Policy, known, absentSince, at)
	if together > rule.ManyGone && len(d.Triggers) > 0 && d.Hold == "" {
		d.Hold = rule.HoldManyGone
	}
	bill := rule.Bill{ID: known.State.ID, Number: known.State.Number}
	write := ledger.BillWrite{Before: known.ReadTime, After: d.After, Reason: d.Reason}
	page.RunCounts.Bills++
	cancellations, err := p.cancellations(page, d, bill, at)
	if err != nil {
		page.RunCounts.Count(rule.ClassUndecodable)
		write.After, write.Reason = known, err.Error()
		write.After.Class, write.After.ReadTime = rule.ClassUndecodable, at
		page.Bills = append(page.Bills, write)
		page.Work = append(page.Work,
			ledger.Work{Kind: rule.WorkUndecodable, BillID: bill.ID, BillNo: bill.Number, Detail: err.Error()})
		return
	}
	page.RunCounts.Count(d.Class)
	p.bareLines(page, d, bill)
	page.Bills = append(page.Bills, write)
	page.Cancellations = append(page.Cancellations, cancellations...)
	if d.Hold == rule.HoldManyGone &&
		!slices.ContainsFunc(page.Work, func(w ledger.Work) bool { return w.Kind == rule.WorkManyGone }) {
		page.Work = append(page.Work, ledger.Work{Kind: rule.WorkManyGone, Detail: fmt.Sprintf("%d bills", together)})
	}
}
