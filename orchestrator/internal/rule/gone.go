package rule

import "time"

// DecideGone says what a bill comes to that was proved gone at this moment: asked for by id and not shown, and Kingdee
// itself says that there is no such bill. absentSince is when it was first missed. What is owed comes from the last
// snapshot, because nothing else is left of it; known must carry its snapshots. What is owed already for another
// trigger stays owed; for a void it goes on, also where the scheme does not act on deletions.
func DecideGone(p Policy, known Known, absentSince, at time.Time) Decision {
	d := Decision{After: known}
	d.After.ReadTime, d.After.GoneTime, d.After.HasPlanned, d.After.Reread = at, at, false, false
	d.Class = ClassDeleted
	state := known.State
	terms, watched := p.Triggers[TriggerDeleted]
	voided, ends := p.Triggers[TriggerVoided]
	switch {
	case !watched && ends && known.Class == ClassVoided && state.Voided() && known.Snapshot != nil:
		p.owe(&d, TriggerVoided, voided, eventTime(state), state, nil, true)
	case !watched:
		d.Reason = ReasonTrigger
	case !known.EverLive:
		d.Reason = ReasonNeverLive
	case !p.selects(state.Org):
		d.Reason = ReasonOrganisation
	default:
		p.owe(&d, TriggerDeleted, terms, absentSince, state, nil, true)
	}
	p.ask(&d, absentSince, at)
	if d.Fault == nil {
		// Whatever it owes, and why not: it is gone.
		d.Class = ClassDeleted
	}
	d.After.Class = d.Class
	return d
}
