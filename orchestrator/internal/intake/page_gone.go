package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// decideUnshown decides bills that the light read showed and the whole read did not. They are asked for once more,
// light: one that is shown again is there, but not all of it is shown to this user, and it is set aside. One that is
// not was deleted in between. It counts as absent; that it is gone, a reconcile run proves.
func (p *Pager) decideUnshown(ctx context.Context, page *ledger.Page, bills map[int64]listed) error {
	if len(bills) == 0 {
		return nil
	}
	shown, doubt := map[int64]bool{}, false
	var at time.Time
	err := p.reader.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{
			Ids: &kingdeev1.BillIds{Ids: slices.Sorted(maps.Keys(bills))},
		},
	}, func(a DataCentre) error {
		at = a.Clock.Service
		return nil
	}, func(light *kingdeev1.StatePage) error {
		for _, s := range light.GetStates() {
			shown[s.GetId()] = true
		}
		for _, problem := range light.GetProblems() {
			shown[problem.GetId()] = true
			doubt = doubt || problem.GetId() == 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(bills)) {
		if shown[id] || doubt {
			p.setAside(page, bills[id].known, time.Time{}, &kingdeev1.BillProblem{
				Id: id, Detail: "the bill is listed, but its content is not shown",
			})
		} else {
			p.decideDeleted(page, bills[id], at)
		}
	}
	return nil
}

// decideDeleted decides a bill that was deleted between the light read and the whole one. What the light read showed of
// it counts: a void is owed from the bill's snapshot. Where an order may have been made of it and nothing shows which,
// a person must look.
func (p *Pager) decideDeleted(page *ledger.Page, bill listed, at time.Time) {
	seen := rule.Bill{
		ID: bill.state.ID, Number: bill.state.Number, Org: bill.state.Org, Kind: bill.state.Kind,
		DocumentStatus: bill.state.DocumentStatus, CancelStatus: bill.state.CancelStatus,
		CreateTime: bill.state.CreateTime, ModifyTime: bill.state.ModifyTime, ApproveTime: bill.state.ApproveTime,
		CancelTime: bill.state.CancelTime, CancelIsDate: bill.state.CancelIsDate, Closed: bill.state.Closed,
	}
	page.Absent = append(page.Absent, ledger.Absent{BillID: seen.ID, Since: at})
	void := rule.Decide(p.Policy, bill.known, seen, bill.left)
	owed := seen.State().Voided() && len(void.Triggers) > 0 && !p.isAnother(bill.known, seen.State(), bill.left)
	switch {
	case owed && void.OrdersFrom == rule.OrdersFromSnapshot:
		p.decideBill(page, bill.known, seen, bill.left)
	case owed, bill.known == nil && bill.state.WasAudited():
		p.setAside(page, bill.known, time.Time{}, &kingdeev1.BillProblem{
			Id: seen.ID, Number: seen.Number, Detail: "deleted before its content could be read",
		})
	default:
		// Newer than the read that showed it is that it is not there.
		page.RunCounts.Count(rule.ClassStale)
		p.became[seen.ID] = false
	}
}

// DecideGone lets the rules decide a bill that was proved gone, together with so many others. newest: it is one of the
// newest bills, all of which are missing. Those, and what was made after the time to which Kingdee was restored, may
// only be missing in an older copy of it: a person decides.
func (p *Pager) DecideGone(
	page *ledger.Page, known rule.Known, absentSince, at time.Time, together int, newest bool,
) {
	page.Gone = true
	why := ""
	switch {
	case p.restored.Replaces(known.ReadTime) && !known.State.CreateTime.Before(p.restored.To):
		why = fmt.Sprintf("%d bills, made after the time to which Kingdee was restored", together)
	case newest:
		why = fmt.Sprintf("%d bills, all of the newest are missing", together)
	case together > rule.ManyGone:
		why = fmt.Sprintf("%d bills", together)
	}
	p.decideGone(page, known, absentSince, at, why)
}

// isAnother says whether a read shows another bill than the one that is known by its id.
func (p *Pager) isAnother(known *rule.Known, seen rule.State, read time.Time) bool {
	if known == nil {
		return false
	}
	k := *known
	k.Away = k.Away || p.restored.Replaces(k.ReadTime)
	return k.IsAnother(seen, read)
}

// former parts with a bill whose id shows another one: it is kept under an id that Kingdee does not have, and counts as
// deleted. No proof of that was asked for, so a person decides about what is owed for it.
func (p *Pager) former(page *ledger.Page, known rule.Known, read time.Time) {
	id := known.State.ID
	known.State.ID = known.FormerID()
	page.Former = append(page.Former, ledger.Former{BillID: id, FormerID: known.State.ID, Before: known.ReadTime})
	if known.GoneTime.IsZero() {
		p.decideGone(page, known, read, read,
			fmt.Sprintf("%s, FID %d 已属另一张单据 is another bill's", known.State.Number, id))
	}
}

// decideGone lets the rules decide a bill that is gone; why says what a person must look at before what is owed for
// that is sent, empty for nothing.
func (p *Pager) decideGone(page *ledger.Page, known rule.Known, absentSince, at time.Time, why string) {
	d := rule.DecideGone(p.Policy, known, absentSince, at)
	if why != "" && slices.Contains(d.Triggers, rule.TriggerDeleted) && d.Hold == "" {
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
	p.beforeCutover(page, d, bill)
	p.ask(page, &write, d, &known, cancellations)
	page.Bills = append(page.Bills, write)
	page.Cancellations = append(page.Cancellations, cancellations...)
	if d.Hold == rule.HoldManyGone &&
		!slices.ContainsFunc(page.Work, func(w ledger.Work) bool { return w.Kind == rule.WorkManyGone }) {
		page.Work = append(page.Work, ledger.Work{Kind: rule.WorkManyGone, Detail: why})
	}
}
