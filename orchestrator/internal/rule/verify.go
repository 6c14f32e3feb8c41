package rule

import (
	"slices"
	"strings"
	"time"
)

// Verification is what a fresh read, by id and by number, says of a cancellation.
type Verification string

// The outcomes of a verification. Only Holds lets a request be sent.
const (
	// Holds: a trigger still holds and no other bill claims the order.
	Holds Verification = "holds"
	// Dwelling: the one trigger that holds has not done so for as long as the scheme waits, for the bill or for one
	// with which it shares the order.
	Dwelling Verification = "dwelling"
	// NoTrigger: no trigger holds any longer.
	NoTrigger Verification = "no_trigger"
	// OrderClaimed: another bill claims the order.
	OrderClaimed Verification = "order_claimed"
	// OrderShared: another bill claims the order, under a scheme that says that several bills make one.
	OrderShared Verification = "order_shared"
	// ClaimUnconfirmed: another bill claims the order as far as the ledger knows, and Kingdee does not confirm that; or
	// Kingdee shows it otherwise than the ledger has it, which is about to be read.
	ClaimUnconfirmed Verification = "claim_unconfirmed"
	// Unread: the read failed, did not show the bill, or showed it in two states. Nothing is sent and no retry is used
	// up.
	Unread Verification = "unread"
)

// UnreadFor is how long a bill may stay unread, while others are read, until a person is told.
const UnreadFor = time.Hour

// Cancellation is what a verification needs to know of the cancellation in question.
type Cancellation struct {
	BillID int64
	Number string
	// Triggers are all that it was ever owed for.
	Triggers []Trigger
	Evidence Evidence
	// NotBefore is when the dwell of an un-audited bill is over; zero where it is owed for something else.
	NotBefore time.Time
	// VoidedLast: the last that was seen of its bill, which is gone, is that it was voided.
	VoidedLast bool
}

func (d Cancellation) owedFor(t Trigger) bool { return slices.Contains(d.Triggers, t) }

// seenLive says whether the cancellation itself shows that the bill was once seen live.
func (d Cancellation) seenLive() bool {
	return d.Evidence == EvidenceSnapshot || d.owedFor(TriggerUnAudited)
}

// FreshRead is what one verification found. Rows are light reads of one moment.
type FreshRead struct {
	// Left is when the earliest of its queries left.
	Left time.Time
	// ByID is the cancellation's own bill; nil when the read did not show it.
	ByID *State
	// Gone: it is not shown, and Kingdee itself says that there is no such bill. Asked only for a bill that was proved
	// gone before.
	Gone bool
	// ByNumber are all bills that carry the cancellation's number now, its own among them.
	ByNumber []State
	// Claimants are the other bills whose snapshots map to the cancellation's order, as the ledger knows them now.
	Claimants []Claimant
	// Others are the bills that were read beside the cancellation's own: claimants by id, and whoever has its number.
	Others map[int64]State
}

// Claimant is another bill whose snapshot maps to an order that is to be cancelled.
type Claimant struct {
	BillID int64
	Number string
	// Approved is its approve date as the ledger has it: with another one its snapshot is about to be renewed.
	Approved time.Time
	// Voided: so the ledger has it. Owed: it is not live, and a trigger of its own scheme calls for the order.
	Voided, Owed bool
	// Dwells is until when its own cancellation of the order waits for its dwell: a read that left before then shows
	// that it claims the order, a later one that it does not; zero where there is none.
	Dwells time.Time
	// Elsewhere: it is of another form or data centre, which a read for this cancellation does not reach.
	Elsewhere bool
}

// claims says whether a claimant claims the order, and whether that is confirmed; shown is what a fresh read shows of
// it, if it does.
func (c Claimant) claims(shown State, isShown bool) (claims, confirmed bool) {
	stands := !c.Voided && !c.Owed
	switch {
	case c.Elsewhere:
		return stands, true
	case !isShown:
		// What was un-audited may be audited again, and is not seen.
		return !c.Voided, false
	case shown.Voided():
		return stands, false
	case shown.Live():
		return true, stands && shown.ApproveTime.Equal(c.Approved)
	case c.Owed:
		return false, true
	}
	return true, stands
}

// unAudited says whether a claimant is un-audited, as far as can be told.
func (c Claimant) unAudited(shown State, isShown bool) bool {
	return c.Elsewhere || isShown && !shown.Live() && !shown.Voided()
}

// Verified is what a verification came to.
type Verified struct {
	Outcome Verification
	// Trigger is the one that holds, for Holds and Dwelling.
	Trigger Trigger
	// NotBefore is when its dwell is over; zero for one that has none.
	NotBefore time.Time
	// Until is, for Dwelling, when the last dwell is over that it waits for: its own, or that of a bill with which it
	// shares the order.
	Until time.Time
	// By is who claims the order, for OrderClaimed and ClaimUnconfirmed.
	By Claimant
	// HangsOnUnAudit, for Holds: another bill lets the order go only as long as it is un-audited.
	HangsOnUnAudit bool
	// Expected: it carries the same number and was audited after the cancellation's own bill had ended. So it is the
	// bill that was made anew in its place, and nobody need be told.
	Expected bool
}

// Verify says whether a cancellation may still be sent. Any trigger of the scheme will do, also one that the
// cancellation was not owed for so far.
func Verify(p Policy, cancellation Cancellation, read FreshRead) Verified {
	v := p.holding(cancellation, read)
	if v.Outcome != Holds {
		return v
	}
	for _, s := range read.ByNumber {
		if s.ID == cancellation.BillID && (read.ByID == nil || s.Live() || s.Voided() != read.ByID.Voided()) {
			return Verified{Outcome: Unread} // the two reads differ: it is being restored, voided or audited right now
		}
	}
	for _, c := range read.Claimants {
		shown, isShown := read.Others[c.BillID]
		claims, confirmed := c.claims(shown, isShown && !c.Elsewhere)
		switch {
		case (claims || c.Owed) && c.unAudited(shown, isShown) && read.Left.Before(c.Dwells):
			if (v.Outcome == Holds || v.Outcome == Dwelling) && v.Until.Before(c.Dwells) {
				v.Outcome, v.Until = Dwelling, c.Dwells
			}
		case !claims:
			v.HangsOnUnAudit = v.HangsOnUnAudit || c.Owed && c.unAudited(shown, isShown)
		case claims && confirmed && p.SharedOrders && !c.madeAnew(cancellation, read):
			if v.Outcome != ClaimUnconfirmed {
				v = Verified{Outcome: OrderShared, By: c}
			}
		case claims && confirmed:
			return Verified{Outcome: OrderClaimed, By: c, Expected: c.madeAnew(cancellation, read)}
		case claims:
			v = Verified{Outcome: ClaimUnconfirmed, By: c}
		}
	}
	return v
}

// madeAnew says whether a claimant is the bill that was made in the place of the cancellation's own: it has its number,
// and was audited after the other had ended. A number is given again only once its bill is gone.
func (c Claimant) madeAnew(cancellation Cancellation, read FreshRead) bool {
	if !strings.EqualFold(c.Number, cancellation.Number) {
		return false
	}
	if read.ByID == nil {
		return read.Gone
	}
	ended := eventTime(*read.ByID)
	return !ended.IsZero() && c.Approved.After(ended)
}

// holding says which trigger holds, looking at the cancellation's own bill only.
func (p Policy) holding(cancellation Cancellation, read FreshRead) Verified {
	switch {
	case read.ByID == nil && read.Gone && p.actsOn(TriggerDeleted):
		return Verified{Outcome: Holds, Trigger: TriggerDeleted}
	case read.ByID == nil && read.Gone && cancellation.VoidedLast && p.actsOn(TriggerVoided):
		// Nobody can take the void back any more.
		return Verified{Outcome: Holds, Trigger: TriggerVoided}
	case read.ByID == nil && read.Gone && cancellation.owedFor(TriggerDeleted):
		return Verified{Outcome: NoTrigger} // the scheme does not act on deletions any longer
	case read.ByID == nil:
		return Verified{Outcome: Unread}
	case read.ByID.Live():
		return Verified{Outcome: NoTrigger}
	case read.ByID.Voided():
		if p.actsOn(TriggerVoided) {
			return Verified{Outcome: Holds, Trigger: TriggerVoided}
		}
		return Verified{Outcome: NoTrigger}
	}
	terms, watched := p.Triggers[TriggerUnAudited]
	switch {
	case !watched || !cancellation.seenLive():
		return Verified{Outcome: NoTrigger}
	case terms.Hold != "" && cancellation.NotBefore.IsZero():
		// It waits for a person, as the next decision about the bill will say.
		return Verified{Outcome: NoTrigger}
	}
	v := Verified{Outcome: Holds, Trigger: TriggerUnAudited, NotBefore: cancellation.NotBefore}
	if v.NotBefore.IsZero() {
		v.NotBefore = read.Left.Add(terms.Dwell)
	}
	if read.Left.Before(v.NotBefore) {
		v.Outcome, v.Until = Dwelling, v.NotBefore
	}
	return v
}

func (p Policy) actsOn(t Trigger) bool {
	_, yes := p.Triggers[t]
	return yes
}
