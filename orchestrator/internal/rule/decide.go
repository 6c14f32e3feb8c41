package rule

import (
	"errors"
	"time"
)

// ErrNoOrganisation: a bill has no stock organisation where the scheme, or what was read of it before, says that it
// must have one. It cannot be decoded (rule 10, docs/rules.md).
var ErrNoOrganisation = errors.New("stock organisation 库存组织: null or blank")

// Policy is what a scheme says about deciding.
type Policy struct {
	// Cutover: bills never seen live whose trigger lies before it owe nothing.
	Cutover time.Time
	// Triggers are what it acts on.
	Triggers map[Trigger]Terms
	// Orgs selects stock organisations by number; empty selects all.
	Orgs map[string]bool
	// Form is the form of the bills.
	Form Form
	// Orders names the lines that an order of each wanted kind is made of.
	Orders map[OrderKind]Source
	// Selector says of a bill's content whether the bill is the scheme's; nil takes all.
	Selector func(Bill) (bool, error)
	// SharedOrders: several bills make one order, so that one which claims the order of another is to be expected.
	SharedOrders bool
	// Cutovers of what was added to the scheme after its first revision. They hold for bills once seen live, too.
	Cutovers Cutovers
	// Gaps are when parts were away that are back.
	Gaps Gaps
	// below says that no cutover counts.
	below bool
}

// WithoutCutovers is the policy for what a person asks for whenever it happened: no cutover counts.
func (p Policy) WithoutCutovers() Policy {
	p.below, p.Cutovers, p.Gaps = true, nil, nil
	return p
}

// Decision is what one read of a bill came to.
type Decision struct {
	Class Class
	// Reason says why nothing is owed although the bill is not live, or why a live one is not selected: one of the
	// Reason words, ReasonCutover followed by the part.
	Reason string
	// After is what to remember. Not set for stale.
	After         Known
	NewGeneration bool
	// Snapshot is to be stored with the generation: the bill was seen live.
	Snapshot *Bill
	// Triggers are those of the scheme's that hold; something is owed only then.
	Triggers []Trigger
	// NotBefore is when the dwell of the only trigger is over; zero where there is nothing to wait for.
	NotBefore time.Time
	// Content is where the orders come from (the snapshot's bill or the present one), when something is owed.
	Content    *Bill
	OrdersFrom OrdersFrom
	Evidence   Evidence
	// Orders are those to be cancelled; Outside counts orders of the bill that the scheme does not ask for, or did not
	// when it happened.
	Orders  []Order
	Outside int
	// WithoutWarehouse counts lines that name no warehouse where a person must look whether an order was made of them:
	// other lines of the bill name one, or the form wants one of each.
	WithoutWarehouse int
	// Hold is why all of them wait for a release. At is when the trigger's event happened; zero where nobody can tell.
	Hold HoldReason
	At   time.Time
	// Vanished are orders of the previous snapshot that the bill no longer has; a person must look at those that no
	// cancellation covers.
	Vanished           []Order
	VanishedGeneration int
	// Withdraw: no trigger holds, so cancellations not sent yet are withdrawn.
	Withdraw bool
	// Restored: the bill is live, so a cancellation that may have reached the WMS is a person's matter.
	Restored bool
	// Question asks once more for the orders of a bill that may have lived unseen; nil: nothing is asked. AskAfter is
	// how long after this read one will be due, zero where none will.
	Question *Question
	AskAfter time.Duration
	// FirstEnd: it is the first read after the last live one.
	FirstEnd bool
	// Fault: the scheme's selector cannot be evaluated for this bill, or its organisation is missing; it waits until a
	// person has looked.
	Fault error
}

// Changed says whether a light read shows something that the ledger does not have: only then is the whole bill read. A
// planned cancellation counts as a change, and so does a bill that could not be decoded, is to be read again, or was
// believed gone.
func Changed(known *Known, seen State) bool {
	return known == nil || known.HasPlanned || known.Reread || known.Class == ClassUndecodable ||
		known.Class == ClassDeleted ||
		!known.State.Same(seen)
}

// Stale says whether the ledger has newer knowledge than a read whose query left at readTime.
func Stale(known *Known, readTime time.Time) bool {
	return known != nil && readTime.Before(known.ReadTime)
}

// Decide says what a whole bill, read by a query that left at readTime, comes to.
func Decide(p Policy, known *Known, seen Bill, readTime time.Time) Decision {
	if Stale(known, readTime) {
		return Decision{Class: ClassStale}
	}
	state := seen.State()
	d := Decision{}
	d.After, d.NewGeneration = next(known, state, readTime)
	seen.Generation = d.After.Generation
	// once: some earlier read showed that it had been audited, in this generation or another.
	once := d.After.EverLive || known != nil && known.once()
	switch {
	case p.lacksOrganisation(known, seen.Org):
		withoutOrganisation(&d, known, state)
	case !p.selects(seen.Org):
		p.notSelected(&d, seen, ReasonOrganisation)
	case state.Live():
		p.live(&d, seen)
	case state.Voided():
		p.voided(&d, seen, once)
	default:
		edited := known != nil && !d.NewGeneration && known.unAudited() && !known.State.Same(state)
		p.unAudited(&d, seen, once, edited)
	}
	d.FirstEnd = firstEnd(known, &d)
	at := d.After.UnAuditTime
	if state.Voided() {
		at = eventTime(state)
	}
	p.ask(&d, at, readTime)
	d.After.Class = d.Class
	return d
}

func (p Policy) selects(org string) bool { return len(p.Orgs) == 0 || p.Orgs[org] }

// lacksOrganisation says whether a bill must have a stock organisation and shows none.
func (p Policy) lacksOrganisation(known *Known, org string) bool {
	return org == "" && (len(p.Orgs) > 0 || known != nil && known.State.Org != "")
}

// withoutOrganisation decides nothing, and remembers the organisation that an earlier read showed. That the bill is
// live shows all the same.
func withoutOrganisation(d *Decision, known *Known, state State) {
	d.Class, d.Fault = ClassUndecodable, ErrNoOrganisation
	d.Withdraw, d.Restored = state.Live(), state.Live()
	if known != nil {
		d.After.State.Org = known.State.Org
	}
}

// notSelected owes nothing; but it remembers the bill's snapshot, in case it is selected one day, and takes back what
// was owed while it was.
func (p Policy) notSelected(d *Decision, seen Bill, why string) {
	state := seen.State()
	if state.Live() {
		p.snapshot(d, seen)
		d.Vanished = nil
	}
	d.Withdraw = !state.Voided()
	d.Class, d.Reason = ClassNotSelected, why
}

// live takes the bill's snapshot, unless the scheme's selector turns the bill down.
func (p Policy) live(d *Decision, seen Bill) {
	if !p.takes(d, &seen, nil) {
		p.notSelected(d, seen, ReasonSelector)
		return
	}
	p.snapshot(d, seen)
	if d.Fault != nil {
		d.Class = ClassUndecodable
	}
}

// snapshot keeps the bill as it is now seen live, and says which orders of the one before are gone.
func (p Policy) snapshot(d *Decision, seen Bill) {
	d.Class, d.Withdraw, d.Restored = ClassLive, true, true
	p.vanished(d, seen)
	snapshot := seen
	d.Snapshot, d.After.Snapshot = &snapshot, &snapshot
	d.After.LastSnapshot, d.After.LastSnapshotGeneration = &snapshot, d.After.Generation
}

// takes asks the scheme's selector: of the present content, and of the snapshot. The order was made from the snapshot,
// so a bill that was the scheme's then still is; but what marks a bill as the scheme's may have come to it after it was
// last seen live, without any date moving, and then only the present content shows it. A bill is turned down when
// neither says yes.
func (p Policy) takes(d *Decision, present, snapshot *Bill) bool {
	if p.Selector == nil {
		return true
	}
	var fault error
	for _, content := range []*Bill{snapshot, present} {
		if content == nil {
			continue
		}
		var yes bool
		if yes, fault = p.Selector(*content); yes && fault == nil {
			return true
		}
	}
	d.Fault = fault
	return fault != nil
}

// voided decides about a bill that is 作废, or closed where that counts.
func (p Policy) voided(d *Decision, seen Bill, once bool) {
	d.Class = ClassVoided
	terms, watched := p.Triggers[TriggerVoided]
	if !watched {
		d.Withdraw, d.Reason = true, ReasonTrigger
		return
	}
	at := eventTime(seen.State())
	// No cutover takes back what was owed already in this generation, perhaps because a person asked for a backfill.
	owed := d.After.Class == ClassVoided && !d.NewGeneration
	if !d.After.EverLive && !owed && !p.below {
		switch {
		case at.IsZero():
			d.Hold = HoldNoEventTime
		case at.Before(p.Cutover):
			d.Class, d.Withdraw = ClassBeforeCutover, true
			if seen.Closed {
				d.Reason = ReasonClosed
			}
			return
		}
	}
	p.owe(d, TriggerVoided, terms, at, seen.State(), &seen, once)
}

// unAudited decides about a bill that is neither live nor voided: a draft that was never audited, or one that was seen
// live before, or that an approve date shows to have been audited. edited: it was un-audited already at the read
// before, in the same generation, and has changed since.
func (p Policy) unAudited(d *Decision, seen Bill, once, edited bool) {
	state := seen.State()
	d.Withdraw, d.Class = true, ClassNeverAudited
	switch {
	case d.After.EverLive:
		d.Class = ClassUnAudited
	case once || state.WasAudited():
		d.Class = ClassNeverSeenLive
	}
	terms, watched := p.Triggers[TriggerUnAudited]
	if !watched || !d.After.EverLive && !p.approved(d) {
		return
	}
	unowed := d.Class
	d.Withdraw, d.Class = false, ClassUnAudited
	p.owe(d, TriggerUnAudited, terms, d.After.UnAuditTime, state, &seen, once)
	if len(d.Triggers) > 0 {
		d.NotBefore = d.After.UnAuditedSince.Add(terms.Dwell)
		if edited && d.OrdersFrom == OrdersFromCurrent {
			// No order was made of what people write into an un-audited bill; what it showed first is the nearest to
			// its order.
			d.Orders, d.Outside, d.Vanished, d.WithoutWarehouse = nil, len(d.Orders)+d.Outside, nil, 0
		}
	} else if d.Class == ClassBeforeCutover {
		// What was owed for an earlier void is not any longer: no trigger holds.
		d.Class, d.Withdraw = unowed, true
	}
}

// approved says whether an approve date shows of an un-audited bill that no read has shown live that it was audited,
// and that this ended after the cutover. Where it was approved before that and changed after it, nobody can tell, and
// what it owes is held. No cutover takes back what was owed already in this generation.
func (p Policy) approved(d *Decision) bool {
	approve := d.After.GenerationApprove
	owed := d.After.Class == ClassUnAudited && !d.NewGeneration
	switch {
	case approve.IsZero():
		return false
	case owed || p.below:
	case d.After.UnAuditTime.Before(p.Cutover):
		return false
	case approve.Before(p.Cutover):
		d.Hold = HoldNoEventTime
	}
	return true
}

// owe decides by the table of what shows that the WMS ever had the order, and takes the orders from the snapshot or,
// without one, from the present content (nil when the bill is gone). at is when the trigger's event happened, as far as
// anybody can tell.
func (p Policy) owe(d *Decision, trigger Trigger, terms Terms, at time.Time, state State, present *Bill, once bool) {
	content, from := present, OrdersFromCurrent
	switch {
	case d.After.Snapshot != nil:
		d.Evidence = EvidenceSnapshot
		content, from = d.After.Snapshot, OrdersFromSnapshot
	case !state.ApproveTime.IsZero():
		d.Evidence = EvidenceApproved
	case !once && (state.DocumentStatus == Draft || state.DocumentStatus == Created):
		d.Class, d.Withdraw, d.Hold = ClassNeverAudited, true, ""
		return
	default:
		d.Evidence = EvidenceWeak
	}
	snapshot := d.After.Snapshot
	if content == nil {
		// Gone, and not seen live in this generation: the last snapshot is all there is.
		snapshot = d.After.LastSnapshot
		content, from = snapshot, OrdersFromSnapshot
	}
	switch {
	case content == nil:
		d.Reason = ReasonNoSnapshot
		return
	case !p.takes(d, present, snapshot):
		d.Class, d.Reason, d.Hold = ClassNotSelected, ReasonSelector, ""
		return
	case d.Fault != nil:
		d.Class = ClassUndecodable
		return
	}
	if d.Hold == "" {
		d.Hold = terms.Hold
	}
	parts := []Part{{PartTrigger, string(trigger)}, {PartOrganisation, state.Org}}
	if trigger == TriggerVoided && state.Closed {
		parts = append(parts, PartClosed)
	}
	for _, part := range parts {
		if !at.IsZero() && p.Cutovers.before(at, part) {
			d.Class, d.Hold, d.Reason = ClassBeforeCutover, "", part.cutoverReason()
			return
		}
		if at.IsZero() && !p.Cutovers.of(part).IsZero() {
			d.Hold = HoldNoEventTime
		}
		if !at.IsZero() && d.Hold == "" && p.Gaps.away(at, part) {
			d.Hold = HoldPartAway
		}
	}
	d.At = at
	if from == OrdersFromCurrent {
		p.vanished(d, *content)
	}
	orders, outside := Orders(*content, p.Form, p.Orders)
	without := WithoutWarehouse(*content, p.Form, p.Orders)
	if len(orders) > 0 || !p.Form.WarehouseOptional {
		d.WithoutWarehouse = without
	}
	if len(orders) == 0 && without > 0 {
		d.Class, d.Reason, d.Hold = ClassOutside, ReasonNoWarehouse, ""
		return
	}
	d.Triggers, d.Content, d.OrdersFrom = []Trigger{trigger}, content, from
	p.orders(d, orders, outside, at)
}

// orders are those of the content that the scheme asks for, and already did when it happened. Where the time is not
// known and would make a difference, a person decides.
func (p Policy) orders(d *Decision, orders []Order, outside int, at time.Time) {
	in, early, why := p.Cutovers.split(orders, at)
	switch {
	case early > 0 && at.IsZero():
		d.Orders, d.Outside, d.Hold = orders, outside, HoldNoEventTime
	default:
		d.Orders, d.Outside, d.Reason = in, outside+early, why
	}
}

// vanished notes which orders of the last snapshot the bill no longer has.
func (p Policy) vanished(d *Decision, now Bill) {
	before := d.After.LastSnapshot
	if before == nil {
		return
	}
	had, _ := Orders(*before, p.Form, p.Orders)
	has, _ := Orders(now, p.Form, p.Orders)
	d.Vanished, d.VanishedGeneration = missing(had, has), d.After.LastSnapshotGeneration
}

// eventTime is when a voided bill was voided, or a closed one closed: its cancel date (one without a time of day counts
// as the end of that day). Zero when Kingdee gives none, or one that cannot be true: the last change is no proof, since
// a void need not move that date, and what is not known to be before the start is a person's to decide.
func eventTime(s State) time.Time {
	switch {
	case s.CancelTime.IsZero():
		return time.Time{}
	case s.CancelIsDate:
		return s.CancelTime.Add(24*time.Hour - time.Second)
	default:
		return s.CancelTime
	}
}
