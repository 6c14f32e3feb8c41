package sandbox

import "time"

// request is one cancel that arrived and could be read.
type request struct {
	dialect string // the protocol that it came by
	method  string
	prefix  string // what every text of the answer begins with
	// typeRequired: the protocol has no cancel without a type.
	typeRequired bool
	// anyWarehouse is the code by which the protocol names no warehouse; empty if there is none.
	anyWarehouse string
	key          Key // as asked for; the type may be empty where it is not required
	ownerCode    string
	orderID      string
	reason       string
	extend       map[string]string
}

// course is what a fault makes of one request.
type course struct {
	commits bool      // the cancel happens as if nothing were wrong
	instead *decision // if it does not commit: what the WMS says instead
	mute    bool      // the client is given no readable answer of the WMS
}

// cancel lets one request happen, or lets it be recorded as not having happened when the fault's course says so, and
// returns what the WMS answers. The truth is in the journal when it returns.
func (b *book) cancel(r *request, plan course, kind FaultKind, p *Personality, now time.Time) decision {
	s := b.shard(r.key.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := s.byCode[r.key.code()]
	for _, e := range entries {
		e.endDue(b, now)
	}
	e, v := r.find(entries, p)
	effect := false
	switch {
	case plan.instead != nil:
		v = *plan.instead
	case !plan.commits:
		v = decision{outcome: OutcomeNotDone}
	case e != nil:
		v = decide(e.truth.Order, p)
		effect = v.outcome == OutcomeCancelled
		b.apply(e, v, p, now)
	}
	b.arrivals.Add(1)
	if e == nil {
		if e = s.entry(r.key); e == nil {
			if b.unknown.Add(1) > maxUnknown {
				b.unknown.Add(-1)
				b.forgotten.Add(1)
				return v
			}
			e = b.add(s, r.key)
		}
	}
	e.record(r, v, plan, kind, effect, b.nextID.Add(1), now, p)
	b.journal.entry(e)
	return v
}

// apply changes the order as the decision says.
func (b *book) apply(e *entry, v decision, p *Personality, now time.Time) {
	o := e.truth.Order
	switch v.outcome {
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
func (e *entry) endDue(b *book, now time.Time) {
	if e.endAt.IsZero() || now.Before(e.endAt) {
		return
	}
	e.endIntercept(b, e.endState, e.endAt)
	b.journal.entry(e)
}

// endIntercept moves an intercepted order on. If into cancelled, the effect belongs to the request that began it.
func (e *entry) endIntercept(b *book, into State, at time.Time) {
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

func (e *entry) record(r *request, v decision, plan course, kind FaultKind, effect bool, id int64, now time.Time, p *Personality) {
	a := Arrival{
		ID: id, At: now, Dialect: r.dialect, Method: r.method, Asked: r.key, OwnerCode: r.ownerCode, OrderID: r.orderID,
		CancelReason: r.reason, ExtendProps: r.extend, Outcome: v.outcome, TookEffect: effect, Fault: kind,
		Answered: !plan.mute, Flag: v.flag, Code: v.literalCode(p), Message: v.message(r.prefix),
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
