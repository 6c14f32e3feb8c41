package warehouse

import (
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Request is one cancel that arrived and could be read.
type Request struct {
	Dialect string // the protocol that it came by
	Method  string
	Prefix  string // what every text of the answer begins with
	// TypeRequired: the protocol has no cancel without a type.
	TypeRequired bool
	// AnyWarehouse is the code by which the protocol names no warehouse; empty if there is none.
	AnyWarehouse string
	Key          Key // as asked for; the type may be empty where it is not required
	OwnerCode    string
	OrderID      string
	Reason       string
	Extend       map[string]string
}

// Course is what a fault makes of one request.
type Course struct {
	Commits bool      // the cancel happens as if nothing were wrong
	Instead *Decision // if it does not commit: what the WMS says instead
	Mute    bool      // the client is given no readable answer of the WMS
}

// Cancel lets one request happen, or lets it be recorded as not having happened when the fault's course says so, and
// returns what the WMS answers. The truth is in the journal when it returns.
func (b *Book) Cancel(
	r *Request, plan Course, kind behaviour.FaultKind, p *behaviour.Personality, now time.Time,
) Decision {
	s := b.shard(r.Key.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := s.byCode[r.Key.code()]
	for _, e := range entries {
		e.endDue(b, now)
	}
	e, v := r.find(entries, p)
	effect := false
	switch {
	case plan.Instead != nil:
		v = *plan.Instead
	case !plan.Commits:
		v = Decision{Outcome: OutcomeNotDone}
	case e != nil:
		v = decide(e.truth.Order, p)
		effect = v.Outcome == OutcomeCancelled
		b.apply(e, v, p, now)
	}
	b.arrivals.Add(1)
	if e == nil {
		if e = s.entry(r.Key); e == nil {
			if b.unknown.Add(1) > maxUnknown {
				b.unknown.Add(-1)
				b.forgotten.Add(1)
				return v
			}
			e = b.add(s, r.Key)
		}
	}
	e.record(r, v, plan, kind, effect, b.nextID.Add(1), now, p)
	b.journal.entry(e)
	return v
}

// apply changes the order as the decision says.
func (b *Book) apply(e *entry, v Decision, p *behaviour.Personality, now time.Time) {
	o := e.truth.Order
	switch v.Outcome {
	case OutcomeCancelled:
		o.move(now, StateCancelled, "cancel", "")
		e.truth.Effects++
		b.effects.Add(1)
	case OutcomeIntercepting:
		if o.Intercepting {
			return
		}
		o.Intercepting = true
		if p.InterceptEnds == "by_hand" {
			return
		}
		e.endAt = now.Add(time.Duration(p.InterceptMS) * time.Millisecond)
		e.endState = StateWorking
		if p.InterceptEnds == "cancelled" || p.InterceptEnds == "either" && e.seq%2 == 1 {
			e.endState = StateCancelled
		}
	}
}

// endDue ends an intercept whose time has come. It is called before anything looks at the entry.
func (e *entry) endDue(b *Book, now time.Time) {
	if e.endAt.IsZero() || now.Before(e.endAt) {
		return
	}
	e.endIntercept(b, e.endState, e.endAt)
	b.journal.entry(e)
}

// endIntercept moves an intercepted order on. If into cancelled, the effect belongs to the request that began it.
func (e *entry) endIntercept(b *Book, into State, at time.Time) {
	o := e.truth.Order
	o.Intercepting, e.endAt, e.endState = false, time.Time{}, ""
	if into != o.State {
		o.move(at, into, "intercept", "")
	}
	if into != StateCancelled {
		return
	}
	e.truth.Effects++
	b.effects.Add(1)
	for i := range e.truth.Arrivals {
		a := &e.truth.Arrivals[i]
		if a.Life == o.Life && a.Outcome == OutcomeIntercepting {
			a.TookEffect, a.EffectAt = true, &at
			return
		}
	}
}

func (e *entry) record(
	r *Request, v Decision, plan Course, kind behaviour.FaultKind, effect bool, id int64,
	now time.Time, p *behaviour.Personality,
) {
	a := Arrival{
		ID: id, At: now, Dialect: r.Dialect, Method: r.Method, Asked: r.Key, OwnerCode: r.OwnerCode, OrderID: r.OrderID,
		CancelReason: r.Reason, ExtendProps: r.Extend, Outcome: v.Outcome, TookEffect: effect, Fault: kind,
		Answered: !plan.Mute, Flag: v.Flag, Code: v.literalCode(p), Message: v.Message(r.Prefix),
	}
	if effect {
		a.EffectAt = &now
	}
	if e.truth.Order != nil {
		a.Life = e.truth.Order.Life
	}
	e.truth.Requests++
	e.truth.Arrivals = bounded(append(e.truth.Arrivals, a))
}
