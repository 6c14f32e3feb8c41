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
	// Holds: a trigger still holds and no live bill carries the number.
	Holds Verification = "holds"
	// Dwelling: the one trigger that holds has not done so for as long as the scheme waits.
	Dwelling Verification = "dwelling"
	// NoTrigger: no trigger holds any longer.
	NoTrigger Verification = "no_trigger"
	// NumberLive: a live bill of the same data centre carries the number.
	NumberLive Verification = "number_live"
	// NumberTaken: the ledger knows a live bill with the number, and Kingdee does not confirm that it still is.
	NumberTaken Verification = "number_taken"
	// Unread: the read failed, did not show the bill, or showed it in two states. Nothing is sent and no retry is used
	// up.
	Unread Verification = "unread"
)

// Cancellation is what a verification needs to know of the cancellation in question.
type Cancellation struct {
	BillID int64
	Number string
	// Triggers are all that it was ever owed for.
	Triggers []Trigger
	Evidence Evidence
	// NotBefore is when the dwell of an un-audited bill is over; zero where it is owed for something else.
	NotBefore time.Time
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
	// LedgerHolders are other bills of the same data centre that the ledger last saw live with this number; HoldersRead
	// are the same, read by id just now (those that Kingdee showed).
	LedgerHolders []int64
	HoldersRead   map[int64]State
}

// Verified is what a verification came to.
type Verified struct {
	Outcome Verification
	// Trigger is the one that holds, for Holds and Dwelling.
	Trigger Trigger
	// NotBefore is when its dwell is over; zero for one that has none.
	NotBefore time.Time
}

// Verify says whether a cancellation may still be sent. Any trigger of the scheme will do, also one that the
// cancellation was not owed for so far.
func Verify(p Policy, cancellation Cancellation, read FreshRead) Verified {
	v := p.holding(cancellation, read)
	if v.Outcome != Holds {
		return v
	}
	for _, s := range read.ByNumber {
		switch {
		case s.ID == cancellation.BillID && (read.ByID == nil || s.Live() || s.Voided() != read.ByID.Voided()):
			return Verified{Outcome: Unread} // the two reads differ: it is being restored, voided or audited right now
		case strings.EqualFold(s.Number, cancellation.Number) && s.Live():
			return Verified{Outcome: NumberLive}
		}
	}
	for _, holder := range read.LedgerHolders {
		s, shown := read.HoldersRead[holder]
		switch {
		case !shown:
			return Verified{Outcome: NumberTaken}
		case s.Live() && strings.EqualFold(s.Number, cancellation.Number):
			return Verified{Outcome: NumberLive}
		}
	}
	return v
}

// holding says which trigger holds, looking at the cancellation's own bill only.
func (p Policy) holding(cancellation Cancellation, read FreshRead) Verified {
	switch {
	case read.ByID == nil && read.Gone && p.actsOn(TriggerDeleted):
		return Verified{Outcome: Holds, Trigger: TriggerDeleted}
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
		v.Outcome = Dwelling
	}
	return v
}

func (p Policy) actsOn(t Trigger) bool {
	_, yes := p.Triggers[t]
	return yes
}
