package rule

import (
	"strings"
	"time"
)

// Trigger is what calls for the cancel of a bill's orders. A scheme names those that it acts on.
type Trigger string

// The three triggers.
const (
	// TriggerVoided: the bill is 作废.
	TriggerVoided Trigger = "voided"
	// TriggerUnAudited: seen live, now neither live nor voided, whatever its letter (反审核).
	TriggerUnAudited Trigger = "un_audited"
	// TriggerDeleted: seen live, now proved gone.
	TriggerDeleted Trigger = "deleted"
)

// Triggers lists them all, in the order they are shown.
var Triggers = []Trigger{TriggerVoided, TriggerUnAudited, TriggerDeleted}

// Terms are what a scheme says of a trigger that it acts on.
type Terms struct {
	// Dwell is how long the bill must have been in this state before anything is sent; the read that shows it still is
	// must be made after that.
	Dwell time.Duration
	// Hold: what is owed for this trigger alone waits for a person.
	Hold HoldReason
}

// FreshFor is how long after a read that shows an un-audited bill a request may start. Much shorter than for the
// others: the next thing that happens to such a bill is that it is audited again.
const FreshFor = 10 * time.Second

// PartKind is what sort of part of a scheme has a cutover of its own.
type PartKind string

// The parts of a scheme that a later revision may add.
const (
	PartTrigger      PartKind = "trigger"
	PartOrganisation PartKind = "organisation"
	PartWarehouse    PartKind = "warehouse"
	PartOrderKind    PartKind = "order_kind"
)

// Everything is the name of a part that stands for all of its kind that have no entry of their own: a scheme that once
// named its organisations and now takes all.
const Everything = "*"

// Part is one trigger, organisation, warehouse or order kind that a scheme names.
type Part struct {
	Kind PartKind
	Name string
}

// PartClosed is that closed bills count as voided. It stands among the triggers, since it says which ends are acted on.
var PartClosed = Part{PartTrigger, "closed"}

// String is the kind and the name: warehouse:CK009.
func (p Part) String() string { return string(p.Kind) + ":" + p.Name }

func (p Part) cutoverReason() string { return ReasonCutover + ":" + p.String() }

// Cutovers say from when the parts count that were not in the scheme's first revision. What is not here counts from the
// beginning, and so does an entry with the zero time.
type Cutovers map[Part]time.Time

// of is the cutover of a part; zero for one that has none.
func (f Cutovers) of(part Part) time.Time {
	if at, own := f[part]; own {
		return at
	}
	return f[Part{part.Kind, Everything}]
}

// BeforePart says through which part a bill that was known live owes nothing because it ended before the part came into
// the scheme, if it does.
func (d Decision) BeforePart() (Part, bool) {
	reason, before := strings.CutPrefix(d.Reason, ReasonCutover+":")
	kind, name, _ := strings.Cut(reason, ":")
	return Part{PartKind(kind), name}, before && d.After.EverLive
}

// before says whether what happened at this moment lies before the cutover of a part. What happened at an unknown time
// does so for all that anybody can tell.
func (f Cutovers) before(at time.Time, part Part) bool {
	cutover := f.of(part)
	return !cutover.IsZero() && at.Before(cutover)
}

// Gap is a time in which a part was not in the scheme, by Kingdee's clock; zero for none.
type Gap struct{ From, Until time.Time }

// Gaps say when parts were away that are back. What happened then is held. An entry with the zero gap keeps the one for
// Everything from counting, as in Cutovers.
type Gaps map[Part]Gap

// away says whether a part was not in the scheme at that moment.
func (g Gaps) away(at time.Time, part Part) bool {
	gap, own := g[part]
	if !own {
		gap = g[Part{part.Kind, Everything}]
	}
	return !at.Before(gap.From) && at.Before(gap.Until)
}

// Hold is why an order of a decision waits for a release, empty where it does not: for the reason that all of them
// have, or because its kind or its warehouse was away when it happened.
func (p Policy) Hold(d Decision, order Order) HoldReason {
	if d.Hold == "" && !d.At.IsZero() {
		for _, part := range ofOrder(order) {
			if p.Gaps.away(d.At, part) {
				return HoldPartAway
			}
		}
	}
	return d.Hold
}

// ofOrder are the parts of a scheme that an order comes in by.
func ofOrder(order Order) []Part {
	return []Part{{PartOrderKind, order.Kind().String()}, {PartWarehouse, order.Warehouse}}
}

// later gives a part that came into the scheme after this moment, and without which the order is none of the scheme's.
func (f Cutovers) later(order Order, at time.Time) (Part, bool) {
	for _, part := range ofOrder(order) {
		if f.before(at, part) {
			return part, true
		}
	}
	return Part{}, false
}

// split takes out the orders that had come into the scheme by the time of the event, and says why the others had not.
func (f Cutovers) split(orders []Order, at time.Time) (in []Order, early int, why string) {
	for _, order := range orders {
		if part, later := f.later(order, at); later {
			early++
			why = part.cutoverReason()
		} else {
			in = append(in, order)
		}
	}
	return in, early, why
}
