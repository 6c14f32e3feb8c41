package main

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// holding is the trigger that holds in truth when it is quiet; empty for a bill that is live or had no order.
func (e *evidence) holding(b books.BillTruth) rule.Trigger {
	switch {
	case !b.EverAudited || b.Live:
		return ""
	case b.Deleted:
		return rule.TriggerDeleted
	case b.Voided && b.VoidedAt.Before(e.began):
		return ""
	case b.Voided:
		return rule.TriggerVoided
	}
	return rule.TriggerUnAudited
}

// brokenInSilence says that a live bill has no order in the WMS, because of us, and nobody was told. An order that was
// cancelled before the bill was live for the first time with it, for another bill, and that the WMS would not make
// anew, is not ours to tell of. One that was cancelled since then is, for whomever it was: the bill claims it from then
// on.
func (e *evidence) brokenInSilence(b books.BillTruth, key warehouse.Key) bool {
	o := e.orders[key]
	lives := livesOf(e.scheme, b)
	first := slices.IndexFunc(lives, func(l life) bool { return slices.Contains(l.keys, key) })
	if o.Order == nil || o.Order.State != warehouse.StateCancelled || first < 0 {
		return false
	}
	own := slices.ContainsFunc(e.cancellations[key],
		func(d cancellation) bool { return d.Bill == b.BillID && d.State == "done" })
	effects := effectTimes(o)
	if !own && (len(effects) == 0 || effects[len(effects)-1].Before(lives[first].from)) {
		return false
	}
	from := lives[len(lives)-1].from
	return !slices.ContainsFunc(e.work[b.BillNo], func(w work) bool {
		return w.Kind == string(rule.WorkRestored) && w.Bill == b.BillID &&
			(w.Closed == nil || !w.Created.Before(from))
	})
}

// passedOn says that an order of a deleted bill is another's by now: a bill that got the number made this very order
// after the deletion. If it stands for it still, it is that bill's, and its end is asked for with that bill. If that
// bill has moved on to other orders, this one had to be cancelled for the deleted bill, unless that had been done when
// it was made anew.
func (e *evidence) passedOn(b books.BillTruth, key warehouse.Key) bool {
	gone := deletedAt(b)
	if gone.IsZero() {
		return false
	}
	return slices.ContainsFunc(e.bills[b.BillNo], func(other books.BillTruth) bool {
		lives := livesOf(e.scheme, other)
		i := slices.IndexFunc(lives, func(l life) bool { return slices.Contains(l.made, key) })
		if other.BillID == b.BillID || i < 0 || lives[i].from.Before(gone) {
			return false
		}
		return slices.Contains(lives[len(lives)-1].made, key) ||
			slices.ContainsFunc(effectTimes(e.orders[key]), func(at time.Time) bool { return at.Before(lives[i].from) })
	})
}

// unseen says that nobody could have known of this order: no run had a chance to see the life that made it, the
// ledger's own reads of the bill live are all older, and what it does have explains why it does not owe the order. That
// is, for a bill that is un-audited or deleted, that it was never seen live at all; for any, that the life which it saw
// last had made other orders, or that no date of the bill tells of another life: an un-audit takes the approve date
// away here, and no earlier void was seen whose date is another.
func (e *evidence) unseen(b books.BillTruth, key warehouse.Key, trigger rule.Trigger) bool {
	lives := livesOf(e.scheme, b)
	if len(lives) == 0 {
		return false
	}
	last := lives[len(lives)-1]
	read, seen := e.snapshots[b.BillID]
	// Its approve date tells of an audit that nobody saw, if an un-audit leaves it and there was time to read it.
	gone := deletedAt(b)
	tells := e.keepsApprove && (gone.IsZero() || e.seenIn(b, span{last.from, gone}))
	// known: there is a life that the ledger read last, and made: it had made this order.
	begun := slices.DeleteFunc(slices.Clone(lives), func(l life) bool { return l.from.After(read) })
	known := len(begun) > 0
	made := known && slices.Contains(begun[len(begun)-1].keys, key)
	switch {
	case e.seenIn(b, last.span), seen && !read.Before(last.from):
		return false
	case !seen && trigger != rule.TriggerVoided:
		return !slices.ContainsFunc(lives, func(l life) bool { return e.seenIn(b, l.span) })
	case trigger == rule.TriggerVoided && tells &&
		last.from.Sub(lives[max(0, len(lives)-2)].from) > 2*time.Second:
		return false
	case trigger == rule.TriggerVoided && !e.cancelIsDate && e.sawVoidBefore(b, last) && (!known || made):
		return false // its cancel date tells of another void of what the ledger knows
	}
	if !seen {
		// It never saw the bill live: what it knows is the void of an earlier life, which made this very order.
		return !tells && slices.ContainsFunc(e.cancellations[key], func(d cancellation) bool {
			return d.Bill == b.BillID && d.State == "done" && d.Created.Before(last.from)
		})
	}
	return known && (!tells || !made)
}

// sawVoidBefore says whether a run saw a void that was over before this life, and that had another date than the one
// after it.
func (e *evidence) sawVoidBefore(b books.BillTruth, l life) bool {
	return slices.ContainsFunc(voidSpans(b), func(s span) bool {
		return !s.to.IsZero() && !s.to.After(l.from) && l.to.Sub(s.from) > 2*time.Second && e.seenIn(b, s)
	})
}

// handedOver is the kind of work item that a cancellation waits with.
func (e *evidence) handedOver(d cancellation) string {
	if w := e.waitsWith(d); w != nil {
		return w.Kind
	}
	return d.State + " " + d.Hold + d.Outcome + ", no work item"
}

func (e *evidence) waitsWith(d cancellation) *work {
	for i, w := range slices.Backward(e.work[d.Number]) {
		if w.Cancellation != 0 && d.is(w.Cancellation) && (w.Closed == nil || d.State == "closed" && e.ignored(d)) {
			return &e.work[d.Number][i]
		}
	}
	if d.State != "held" || d.Hold != string(rule.HoldManyGone) {
		return nil
	}
	// One item stands for all that a reconcile run held.
	for i, w := range e.work[""] {
		if w.Kind == string(rule.WorkManyGone) && w.Closed == nil {
			return &e.work[""][i]
		}
	}
	return nil
}

// ignored says that the operator told voidrelay to ignore the cancellation.
func (e *evidence) ignored(d cancellation) bool {
	return slices.ContainsFunc(e.acts, func(a act) bool { return a.verb == "ignore" && d.is(a.cancellation) })
}

// unexplained is why a cancellation should not have been given to a person; empty when the truths show why it had to
// be.
func (e *evidence) unexplained(d cancellation, o warehouse.Truth, b books.BillTruth) string {
	item := e.waitsWith(d)
	if item == nil {
		return e.handedOver(d)
	}
	if e.explains(*item, d, o, b) {
		return ""
	}
	return item.Kind
}

// explains says whether the truths show that this kind of work item had to be opened for the cancellation.
func (e *evidence) explains(item work, d cancellation, o warehouse.Truth, b books.BillTruth) bool {
	timing := e.scheme.Timing()
	met := func(outcome warehouse.Outcome) bool {
		return len(d.all()) > 0 && slices.ContainsFunc(o.Arrivals, func(a warehouse.Arrival) bool {
			return a.Outcome == outcome && !a.At.Before(d.all()[0].Intent) && !a.At.After(item.Created)
		})
	}
	// answered counts only attempts at times when the WMS could have answered.
	came, answered := map[rule.Disposition]int{}, map[rule.Disposition]int{}
	for _, a := range d.all() {
		came[rule.Disposition(a.Disposition)]++
		if !e.away(a) {
			answered[rule.Disposition(a.Disposition)]++
		}
	}
	switch rule.WorkKind(item.Kind) {
	case rule.WorkTooLate:
		return came[rule.TooLate] > 0 && met(warehouse.OutcomeRefused)
	case rule.WorkOutcomeUnknown:
		return answered[rule.Unknown] >= timing.MaxUnknown
	case rule.WorkRejected:
		return came[rule.Rejected] > 0 && slices.ContainsFunc(o.Arrivals, func(a warehouse.Arrival) bool {
			return a.Fault == refused && !a.At.Before(d.all()[0].Intent) && !a.At.After(item.Created)
		})
	case rule.WorkUnrecognised:
		return came[rule.Rejected] > timing.MaxUnrecognised
	case rule.WorkOldOrder:
		// The WMS speaks of the order of an earlier life; it takes none again under the number.
		return came[rule.AlreadyCancelled] > 0 && o.Order != nil && o.Order.State == warehouse.StateCancelled
	case rule.WorkInProgress:
		return came[rule.InProgress] >= timing.MaxInProgress && met(warehouse.OutcomeIntercepting)
	case rule.WorkUnread:
		// It could not be read, because it is not there.
		return b.Deleted && item.Created.After(deletedAt(b))
	case rule.WorkClaimUnconfirmed:
		// The bill that the ledger knew live with the number was deleted: neither could its end be confirmed, nor its
		// life.
		return slices.ContainsFunc(e.bills[b.BillNo], func(other books.BillTruth) bool {
			lives, gone := liveSpans(other), deletedAt(other)
			return other.BillID != b.BillID && len(lives) > 0 && lives[0].from.Before(item.Created) &&
				!gone.IsZero() && gone.Before(item.Created)
		})
	case rule.WorkManyGone:
		// The bill was one of many, or another that the order is made of: where that one is there after all, the order
		// is its own.
		return slices.ContainsFunc(e.cancellations[o.Key], func(owner cancellation) bool {
			return e.oneOfMany(owner.Bill, item, d)
		})
	}
	return false
}

// oneOfMany says whether a bill was deleted, and proved gone with so many others, deleted or out of the reader's sight,
// that a person had to look.
func (e *evidence) oneOfMany(bill int64, item work, d cancellation) bool {
	return e.deleted(bill) && slices.ContainsFunc(e.together[bill], func(together []int64) bool {
		return len(together) > rule.ManyGone && !slices.ContainsFunc(together, func(id int64) bool {
			return !e.deleted(id) && !slices.ContainsFunc(e.hiddenIn(id),
				func(s span) bool { return s.from.Before(item.Created) || s.from.Before(d.Created) })
		})
	})
}

// away says whether the WMS was away, and a proxy answered for it, at some moment of the attempt.
func (e *evidence) away(a attempt) bool {
	return slices.ContainsFunc(e.outages, func(s span) bool {
		return a.Intent.Before(s.to) && (a.Result == nil || a.Result.After(s.from))
	})
}

// deleted says whether that bill was, in truth.
func (e *evidence) deleted(id int64) bool {
	for _, bills := range e.bills {
		for _, b := range bills {
			if b.BillID == id {
				return b.Deleted
			}
		}
	}
	return false
}
