package rule

import "time"

// Policy is what a scheme says about deciding.
type Policy struct {
	// Floor: bills never seen live whose trigger lies before it owe nothing.
	Floor time.Time
	// Orgs selects stock organisations by number; empty selects all.
	Orgs map[string]bool
	// Legs names the lines each wanted kind of leg is made of.
	Legs map[Kind]Source
}

// Decision is what one read of a bill came to.
type Decision struct {
	Class Class
	// After is what to remember. Not set for stale.
	After    Known
	NewEpoch bool
	// Image is to be stored with the epoch: the bill was seen live.
	Image *Bill
	// Content is where the legs come from (the image's bill or the present one), when something is owed.
	Content  *Bill
	LegsFrom LegsFrom
	Evidence Evidence
	// Legs are owed; Outside counts legs of the bill that the scheme does not ask for.
	Legs    []Leg
	Outside int
	Hold    HoldReason
	// Vanished are legs of the previous image that the bill no longer has; a person must look at those that no debt covers.
	Vanished      []Leg
	VanishedEpoch int
	// Withdraw: no trigger holds, so debts not sent yet are superseded.
	Withdraw bool
	// Restored: it is live, so a debt that may have reached the WMS is a person's matter.
	Restored bool
}

// Changed says whether a light read shows something that the ledger does not have: only then is the whole bill read. A
// planned debt counts as a change, and so does a bill that could not be decoded or is to be looked at again.
func Changed(known *Known, seen State) bool {
	return known == nil || known.HasPlanned || known.Recheck || known.Class == ClassUndecodable || !known.State.Same(seen)
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
	d.After, d.NewEpoch = next(known, state, readTime)
	if len(p.Orgs) > 0 && !p.Orgs[seen.Org] {
		p.notSelected(&d, seen)
		return d
	}
	// once: some earlier read showed that it had been audited, in this epoch or another.
	once := d.After.EverLive || known != nil && known.once()
	switch {
	case state.Live():
		p.live(&d, seen)
	case state.Voided():
		p.voided(&d, seen, once)
	default:
		d.Withdraw = true
		d.Class = ClassNeverAudited
		if once || state.DocumentStatus == Reaudit {
			d.Class = ClassUnAudited
		}
	}
	d.After.Class = d.Class
	return d
}

// notSelected owes nothing; but it remembers the bill's image, in case its organisation is selected one day, and takes back what
// was owed while it was.
func (p Policy) notSelected(d *Decision, seen Bill) {
	state := seen.State()
	if state.Live() {
		p.live(d, seen)
		d.Vanished = nil
	}
	d.Withdraw = !state.Voided()
	d.Class, d.After.Class = ClassNotSelected, ClassNotSelected
}

// live takes the bill's image and says which legs of the one before are gone.
func (p Policy) live(d *Decision, seen Bill) {
	d.Class, d.Withdraw, d.Restored = ClassLive, true, true
	p.vanished(d, seen)
	image := seen
	d.Image, d.After.Image = &image, &image
	d.After.LastImage, d.After.LastImageEpoch = &image, d.After.Epoch
}

// voided decides by the table of what shows that the WMS ever had the order.
func (p Policy) voided(d *Decision, seen Bill, once bool) {
	if !d.After.EverLive {
		switch at := eventTime(seen.State()); {
		case at.IsZero():
			d.Hold = HoldNoEventTime
		case at.Before(p.Floor):
			d.Class, d.Withdraw = ClassBeforeStart, true
			return
		}
	}
	content, from := seen, LegsFromCurrent
	switch {
	case d.After.Image != nil:
		d.Evidence = EvidenceImage
		content, from = *d.After.Image, LegsFromImage
	case !seen.ApproveTime.IsZero():
		d.Evidence = EvidenceApproved
	case !once && (seen.DocumentStatus == Draft || seen.DocumentStatus == Created):
		d.Class, d.Withdraw, d.Hold = ClassNeverAudited, true, ""
		return
	default:
		d.Evidence = EvidenceWeak
	}
	d.Class, d.Content, d.LegsFrom = ClassVoided, &content, from
	d.Legs, d.Outside = Legs(content, p.Legs)
	if from == LegsFromCurrent {
		p.vanished(d, seen)
	}
}

// vanished notes which legs of the last image the bill no longer has.
func (p Policy) vanished(d *Decision, now Bill) {
	before := d.After.LastImage
	if before == nil {
		return
	}
	had, _ := Legs(*before, p.Legs)
	has, _ := Legs(now, p.Legs)
	d.Vanished, d.VanishedEpoch = missing(had, has), d.After.LastImageEpoch
}

// eventTime is when a voided bill was voided: its cancel date (one without a time of day counts as the end of that day), or,
// where Kingdee gives none, its last change. Zero when nothing tells.
func eventTime(s State) time.Time {
	switch {
	case s.CancelTime.IsZero():
		return s.ModifyTime
	case s.CancelIsDate:
		return s.CancelTime.Add(24*time.Hour - time.Second)
	default:
		return s.CancelTime
	}
}
