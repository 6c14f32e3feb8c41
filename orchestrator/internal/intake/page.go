package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// PageStore is what deciding a page asks of the ledger.
type PageStore interface {
	Known(ctx context.Context, scheme string, ids []int64) (map[int64]*rule.Known, error)
	AddSnapshots(ctx context.Context, scheme string, known map[int64]*rule.Known) error
}

// Pager turns one light page into what the ledger is to write: it reads whole the bills that changed and lets the rules
// decide.
type Pager struct {
	store      PageStore
	reader     Reader
	entry      Entry
	run        *ledger.Run
	Policy     rule.Policy
	DataCentre DataCentre
	// received is when the header of the read came, by kingdeesvc's clock.
	received time.Time
	// ahead are the numbers, by id, of bills stamped lately whose stamp lies ahead of the vendor's clock, aheadTold how
	// many of any age were told, and clockAhead that the clock is not believed as it is.
	ahead      map[int64]string
	aheadTold  int
	clockAhead bool
	// clockFits is when the clock was last found to be right again.
	clockFits time.Time
	// lag is how far stamps were seen to lag behind, back which bills, by id, the read showed as they were before, and
	// restored what a person last said of an older copy of Kingdee.
	lag      time.Duration
	back     map[int64]string
	restored ledger.Restored
	// edge is down to where incremental runs read as they are meant to; zero before the baseline.
	edge time.Time
	// became is what the page at hand makes of bills that were decodable, or not known.
	became outcomes
	// Meets: what is owed is sent without another read, so who else carries its number is read with the page.
	Meets bool
	// Again: bills that are not live are decided anew, also when nothing has changed: a person asked for them.
	Again bool
}

// NewPager is ready to decide what comes after the header that said account. Whoever decides bills, in a Run or outside
// one, does it through a pager, so that the rules exist once; outside, run only names the scheme and its revision and
// is never stored.
func NewPager(store PageStore, reader Reader, run *ledger.Run, standing ledger.Scheme, a DataCentre) *Pager {
	edge := time.Time{}
	if standing.Watermark != nil {
		edge = rule.LowerEdge(standing.Watermark.Time, 0)
	}
	policy := reader.Entry.Policy(CutoverOf(reader.Entry, standing, run.Clock()), standing.Cutovers)
	policy.Gaps = standing.Gaps
	return &Pager{
		lag: standing.Lag, back: map[int64]string{}, restored: standing.Restored,
		edge: edge, store: store, reader: reader, entry: reader.Entry, run: run,
		Policy:     policy,
		DataCentre: a, received: a.Clock.Service, ahead: map[int64]string{},
		clockAhead: standing.ClockAhead, clockFits: standing.ClockFits,
	}
}

// Outside is the run of a pager that decides outside one.
func Outside(e Entry, a DataCentre) *ledger.Run {
	run := &ledger.Run{Scheme: e.Name, Kind: ledger.Incremental, Revision: e.Revision}
	run.SetClock(a.Clock)
	return run
}

// Decide answers everything that one light page comes to.
func (p *Pager) Decide(ctx context.Context, light *kingdeev1.StatePage) (ledger.Page, error) {
	page := ledger.Page{Cursor: light.GetLastId(), TakesAgain: p.entry.NumberReuse == rule.NumberSame}
	p.became = outcomes{}
	lightRead := TimeOf(light.GetQueryLeftTime())
	ids := make([]int64, 0, len(light.GetStates())+len(light.GetProblems()))
	for _, s := range light.GetStates() {
		ids = append(ids, s.GetId())
	}
	for _, problem := range light.GetProblems() {
		ids = append(ids, problem.GetId())
	}
	known, err := p.store.Known(ctx, p.run.Scheme, ids)
	if err != nil {
		return page, err
	}
	if err := p.wentBack(light, known); err != nil {
		return page, err
	}
	f := &page.RunCounts
	f.Rows, f.RowsOfBills, f.Bills = light.GetRows(), int64(len(light.GetStates())), int64(len(ids))
	for _, problem := range light.GetProblems() {
		f.RowsOfProblems += int64(problem.GetRows())
		p.setAside(&page, known[problem.GetId()], lightRead, problem)
	}
	changed := map[int64]listed{}
	form := p.reader.Entry.BillForm()
	for _, s := range light.GetStates() {
		state, ok := StateOf(form, s)
		k := known[state.ID]
		if !ok {
			p.setAside(&page, k, lightRead, unknownValue(s.GetId(), s.GetNumber()))
			continue
		}
		p.noteAhead(&page, k, state, lightRead)
		switch {
		case rule.Stale(k, lightRead):
			f.Count(rule.ClassStale)
		case !p.changed(k, state):
			f.Count(rule.ClassUnchanged)
			p.became[state.ID] = false
		default:
			changed[state.ID] = listed{known: k, state: state, left: lightRead}
			p.noteLate(&page, k, state, lightRead)
		}
	}
	if err := p.readWhole(ctx, &page, changed); err != nil {
		return page, err
	}
	if err := p.meet(ctx, &page, ids); err != nil {
		return page, err
	}
	if p.entry.Streak.reaches(p.became) {
		suspectPage(&page)
	}
	return page, nil
}

// wentBack refuses a page once three known bills of the read are shown as they were before. What was known of a bill
// before a person said that Kingdee was restored counts no longer.
func (p *Pager) wentBack(light *kingdeev1.StatePage, known map[int64]*rule.Known) error {
	read := TimeOf(light.GetQueryLeftTime())
	form := p.reader.Entry.BillForm()
	for _, s := range light.GetStates() {
		k := known[s.GetId()]
		state, ok := StateOf(form, s)
		if !ok || rule.Stale(k, read) || !rule.WentBack(k, state, p.lag) || p.restored.Replaces(k.ReadTime) {
			continue
		}
		p.back[state.ID] = fmt.Sprintf("%s %s → %s", state.Number, k.State.Stamp().UTC().Format(time.RFC3339),
			state.Stamp().UTC().Format(time.RFC3339))
		if len(p.back) >= rule.WentBackBills {
			return &wentBackError{detail: strings.Join(slices.Sorted(maps.Values(p.back)), ", ")}
		}
	}
	return nil
}

// suspectPage makes a page of the last five bills, not one of which can be decoded, the scheme's trouble: beyond those
// that led to it none is a person's matter of its own.
func suspectPage(page *ledger.Page) {
	told := 0
	page.Work = slices.DeleteFunc(page.Work, func(w ledger.Work) bool {
		if w.Kind != rule.WorkUndecodable {
			return false
		}
		if page.Suspect == "" {
			page.Suspect = fmt.Sprintf(
				"not one of the last %d bills can be decoded; %s: %s", rule.SuspectInRow, w.BillNo,
				w.Detail)
		}
		told++
		return told > rule.SuspectInRow
	})
}

// changed says whether a bill must be read whole and decided.
func (p *Pager) changed(known *rule.Known, seen rule.State) bool {
	return rule.Changed(known, seen) || p.Again && !seen.Live() && known.Class != rule.ClassNeverAudited
}

// listed is a bill that a light read showed, and that is to be read whole.
type listed struct {
	// known is what the ledger has of it; nil: nothing.
	known *rule.Known
	state rule.State
	// left is when the light read left.
	left time.Time
}

// readWhole reads the changed bills with all their lines and decides each.
func (p *Pager) readWhole(ctx context.Context, page *ledger.Page, changed map[int64]listed) error {
	if len(changed) == 0 {
		return nil
	}
	known := map[int64]*rule.Known{}
	ids := make([]int64, 0, len(changed))
	for id, l := range changed {
		ids = append(ids, id)
		if l.known != nil {
			known[id] = l.known
		}
	}
	if err := p.store.AddSnapshots(ctx, p.run.Scheme, known); err != nil {
		return err
	}
	waiting := make(map[int64]bool, len(ids))
	for _, id := range ids {
		waiting[id] = true
	}
	err := p.reader.bills(ctx, ids, func(bills *kingdeev1.BillPage) error {
		read := TimeOf(bills.GetQueryLeftTime())
		page.RunCounts.Rows += bills.GetRows()
		for _, problem := range bills.GetProblems() {
			page.RunCounts.RowsOfProblems += int64(problem.GetRows())
			if waiting[problem.GetId()] {
				delete(waiting, problem.GetId())
				p.setAside(page, known[problem.GetId()], read, problem)
			}
		}
		for _, b := range bills.GetBills() {
			page.RunCounts.RowsOfBills += int64(b.GetRows())
			if !waiting[b.GetId()] {
				continue
			}
			delete(waiting, b.GetId())
			if bill, ok := billOf(p.reader.Entry.BillForm(), b); ok {
				p.decideBill(page, known[b.GetId()], bill, read)
			} else {
				p.setAside(page, known[b.GetId()], read, unknownValue(b.GetId(), b.GetNumber()))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id := range changed {
		if !waiting[id] {
			delete(changed, id)
		}
	}
	return p.decideUnshown(ctx, page, changed)
}

// decideBill lets the rules decide one whole bill and notes what is to be written.
func (p *Pager) decideBill(page *ledger.Page, known *rule.Known, bill rule.Bill, read time.Time) {
	before := 0 // generations that the id had
	if p.isAnother(known, bill.State(), read) {
		p.former(page, *known, read)
		before, known = known.Generation, nil
	}
	d := rule.Decide(p.Policy, known, bill, read)
	d.After.Generation += before
	bill.Generation = d.After.Generation
	if p.run.Kind == ledger.Baseline && d.Hold == rule.HoldNoEventTime &&
		bill.State().Stamp().Before(p.Policy.Cutover) {
		// Voided before we came, for all that can be told; no later incremental run would show it, since it carries no
		// date from then on. One that does is left to that run, which holds it for a person.
		d.Class, d.Reason = rule.ClassBeforeCutover, rule.ReasonNoDate
		if !bill.State().Voided() {
			d.Class, d.Reason = rule.ClassNeverSeenLive, ""
		}
		d.After.Class = d.Class
	}
	if d.Snapshot != nil {
		d.Snapshot.Revision = p.namedBy(d, known)
	}
	p.doubt(&d, bill)
	write := ledger.BillWrite{After: d.After, Snapshot: d.Snapshot, Reason: d.Reason}
	if d.OrdersFrom == rule.OrdersFromCurrent {
		write.Content = d.Content
	}
	if known != nil {
		write.Before = known.ReadTime
	}
	cancellations, err := p.cancellations(page, d, bill, read)
	if err == nil {
		write.Renewed = d.Snapshot != nil
		write.Claims, err = p.claims(d, bill)
	}
	if err != nil {
		page.RunCounts.Count(rule.ClassUndecodable)
		p.undecodable(bill.ID, known)
		write.After.Class, write.Reason = rule.ClassUndecodable, err.Error()
		if known == nil || known.Class != rule.ClassUndecodable || !known.State.Same(d.After.State) {
			page.Bills = append(page.Bills, write)
			p.undo(page, d, bill.ID)
		}
		page.Work = append(page.Work, ledger.Work{
			Kind: rule.WorkUndecodable, BillID: bill.ID, BillNo: bill.Number, Detail: err.Error(),
		})
		return
	}
	page.RunCounts.Count(d.Class)
	if d.Class == rule.ClassStale {
		return
	}
	page.Readable = append(page.Readable, bill.ID)
	p.became[bill.ID] = false
	ended := d.Class == rule.ClassVoided || d.Class == rule.ClassUnAudited && len(d.Triggers) > 0
	if ended && p.leaveUnseen(d) {
		return
	}
	if len(d.Triggers) > 0 && len(d.Orders)+d.Outside == 0 {
		write.Reason = "the bill has no lines"
		page.Work = append(page.Work, ledger.Work{Kind: rule.WorkNoLines, BillID: bill.ID, BillNo: bill.Number})
	}
	p.bareLines(page, d, bill)
	p.beforeCutover(page, d, bill)
	p.ask(page, &write, d, known, cancellations)
	page.Bills = append(page.Bills, write)
	page.Cancellations = append(page.Cancellations, cancellations...)
	p.undo(page, d, bill.ID)
	for _, order := range d.Vanished {
		if p.stillThere(order, known, write.Claims, cancellations) {
			continue
		}
		page.Vanished = append(page.Vanished, ledger.Vanished{
			BillID: bill.ID, BillNo: bill.Number, Generation: d.VanishedGeneration, Order: order,
		})
	}
}

// bareLines lets a person hear of lines that name no warehouse.
func (p *Pager) bareLines(page *ledger.Page, d rule.Decision, bill rule.Bill) {
	if d.WithoutWarehouse == 0 || p.leaveUnseen(d) {
		return
	}
	page.Work = append(page.Work, ledger.Work{
		Kind: rule.WorkBareLines, BillID: bill.ID, BillNo: bill.Number,
		Detail: fmt.Sprintf("%d 行 lines", d.WithoutWarehouse),
	})
}

// undo notes what the bill's state takes back, whether or not its content can be decided.
func (p *Pager) undo(page *ledger.Page, d rule.Decision, id int64) {
	if d.Withdraw {
		page.Withdraw = append(page.Withdraw, id)
	}
	if d.Restored {
		page.Restored = append(page.Restored, id)
	}
}

// leaveUnseen: a baseline owes nothing and must not make the next run believe that a void was dealt with, so it does
// not write a bill that it finds voided or un-audited since. One that an earlier baseline saw live is owed as in any
// run.
func (p *Pager) leaveUnseen(d rule.Decision) bool {
	return p.run.Kind == ledger.Baseline && !d.After.EverLive
}

// unknownValue is the problem of a bill that carries a state this program does not know.
func unknownValue(id int64, number string) *kingdeev1.BillProblem {
	return &kingdeev1.BillProblem{
		Id: id, Number: number, Detail: "a state or kind that this version does not know",
	}
}

// undecodable notes a bill that became undecodable; one that was before is no news.
func (p *Pager) undecodable(id int64, known *rule.Known) {
	if id > 0 && (known == nil || known.Class != rule.ClassUndecodable) {
		p.became[id] = true
	}
}

// setAside sets one bill aside that cannot be read, with its reason; the others go on. read is zero when no read showed
// it.
func (p *Pager) setAside(page *ledger.Page, known *rule.Known, read time.Time, problem *kingdeev1.BillProblem) {
	page.RunCounts.Count(rule.ClassUndecodable)
	p.undecodable(problem.GetId(), known)
	reason := problem.GetDetail()
	if problem.GetField() != "" {
		reason = problem.GetField() + ": " + reason
	}
	number := problem.GetNumber()
	if known == nil && problem.GetId() > 0 && !read.IsZero() {
		// Remembered by its id, so that it is read again until it can be decoded.
		after := rule.Known{
			State: rule.State{ID: problem.GetId(), Number: number}, ReadTime: read,
			Class: rule.ClassUndecodable, Generation: 1,
		}
		page.Bills = append(page.Bills, ledger.BillWrite{After: after, Reason: reason})
	}
	if known != nil {
		if number == "" {
			number = known.State.Number
		}
		if known.Class != rule.ClassUndecodable && !read.Before(known.ReadTime) {
			after := *known
			after.Class, after.ReadTime = rule.ClassUndecodable, read
			after.HasPlanned, after.GoneTime = false, time.Time{}
			page.Bills = append(page.Bills, ledger.BillWrite{Before: known.ReadTime, After: after, Reason: reason})
		}
	}
	page.Work = append(page.Work, ledger.Work{
		Kind: rule.WorkUndecodable, BillID: problem.GetId(), BillNo: number, Detail: reason,
	})
}

// maxAheadTold bounds the work items of one read about stamps ahead: more are one trouble.
const maxAheadTold = 20

// noteAhead notes a stamp that lies ahead of the vendor's clock. One that is new is that bill's work item; several that
// came lately say that the clock is wrong: then the watermark stands still.
// What came while it was wrong says that no longer once a later bill shows that it is right.
func (p *Pager) noteAhead(page *ledger.Page, known *rule.Known, state rule.State, read time.Time) {
	fresh := known == nil || rule.Changed(known, state)
	if !rule.Ahead(state, p.DataCentre.Clock, read.Sub(p.received)) {
		since := p.DataCentre.Clock.Vendor.Add(read.Sub(p.received) - rule.FitsLately)
		p.run.Reading.FreshFits = p.run.Reading.FreshFits || fresh && state.Stamp().After(since)
		return
	}
	p.run.Reading.FreshAhead = p.run.Reading.FreshAhead || fresh
	lately := fresh || read.Sub(known.ReadTime) < rule.AheadLately && known.ReadTime.After(p.clockFits)
	if p.run.Kind == ledger.Baseline {
		lately = state.Stamp().Before(p.DataCentre.Clock.Vendor.Add(rule.AheadPlausible))
	}
	if lately && !p.run.Reading.ClockAhead {
		p.ahead[state.ID] = state.Number
		if len(p.ahead) == rule.AheadBills {
			p.run.Reading.ClockAhead = true
			p.run.Note = "bills carry stamps ahead of the vendor's clock: " +
				strings.Join(slices.Sorted(maps.Values(p.ahead)), ", ")
		}
	}
	if fresh && !p.run.Reading.ClockAhead && !p.clockAhead && p.aheadTold < maxAheadTold {
		p.aheadTold++
		page.Work = append(page.Work, ledger.Work{
			Kind: rule.WorkStampAhead, BillID: state.ID, BillNo: state.Number,
			Detail: state.Stamp().UTC().Format(time.RFC3339),
		})
	}
}

// noteLate notes a bill that no incremental run could see. Without the vendor's clock nobody knows how late it is.
func (p *Pager) noteLate(page *ledger.Page, known *rule.Known, state rule.State, read time.Time) {
	if p.edge.IsZero() || p.DataCentre.Clock.Vendor.IsZero() || p.Again ||
		!rule.Late(known, state, p.edge, p.DataCentre.Offset) {
		return
	}
	now := p.DataCentre.Clock.Vendor.Add(read.Sub(p.received))
	page.Late = append(page.Late, ledger.Late{BillID: state.ID, Lag: now.Sub(state.Stamp()), Known: known != nil})
}

// CutoverOf is where triggers of bills never seen live begin to count, by the scheme's standing and, before its
// watermark is there, by the baseline's clock.
func CutoverOf(e Entry, standing ledger.Scheme, clock rule.Clock) time.Time {
	at := e.EffectiveFrom
	switch {
	case standing.Watermark != nil:
		at = standing.Watermark.EffectiveFrom
	case at.IsZero():
		at = clock.Reading().Add(-rule.ClockMargin)
	}
	if standing.SendSince.After(at) {
		return standing.SendSince
	}
	return at
}
