package main

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// request holds one request against what was true of the bills of its number when it came: none of them may claim the
// order. It finds one fault of it at most.
func (v *findings) request(e *evidence, key warehouse.Key, received time.Time) {
	window := e.window()
	owed, before, again, known := false, false, false, false
	for _, b := range e.bills[key.OrderCode] {
		now, lately := e.called(b, received)
		owed, before = owed || now, before || lately
		known = known || madeBy(e, b, key, received)
		// A bill that has the number and never had this order is no obstacle.
		since := e.claims(b, key, received)
		if since.IsZero() {
			continue
		}
		if lasted := received.Sub(since); lasted > window {
			v.find(wrong, key.OrderCode, "%s: a request came at %s, when bill %d had claimed the order for %s", key,
				clock(received), b.BillID, lasted.Round(time.Millisecond))
			return
		}
		again = again || slices.ContainsFunc(liveSpans(b), func(l span) bool { return l.holds(received) })
	}
	switch {
	case !known:
		v.find(wrong, key.OrderCode,
			"%s: a request came at %s for an order that no audit of a bill of that number had made", key,
			clock(received))
	case again:
		v.inside++
	case owed:
	case before:
		v.afterRestore++
	default:
		v.find(wrong, key.OrderCode, "%s: a request came at %s, when no bill of that number was voided, un-audited "+
			"for long enough or deleted, nor had been for %s", key, clock(received), window)
	}
}

// claims is since when the bill has claimed the order, if it does at that time; zero if it does not. It does while it
// is live, and while it is un-audited for less than the dwell: then its own trigger does not hold yet.
func (e *evidence) claims(b books.BillTruth, key warehouse.Key, at time.Time) (since time.Time) {
	lives := slices.DeleteFunc(livesOf(e.scheme, b), func(l life) bool { return l.from.After(at) })
	last := len(lives) - 1
	if last < 0 || !slices.Contains(lives[last].keys, key) {
		return since
	}
	if !lives[last].holds(at) {
		now, lately := e.called(b, at)
		gone := deletedAt(b)
		if now || lately || !gone.IsZero() && !at.Before(gone) {
			return since
		}
	}
	since = lives[last].from
	for ; last > 0; last-- {
		// Between two lives it claimed the order, too, unless something called for its cancel.
		l := lives[last-1]
		if now, lately := e.called(b, lives[last].from); now || lately || !slices.Contains(l.keys, key) ||
			!e.seenIn(b, l.span) {
			break
		}
		since = l.from
	}
	return since
}

// window is how long after a bill is live again a request may still come. For an un-audit a read may be no older than
// FreshFor, and not older than verify_after.
func (e *evidence) window() time.Duration { return e.scheme.VerifyAfter + tolerance }

// called says whether a trigger called for the cancel of the bill's orders at that time, or did until lately.
func (e *evidence) called(b books.BillTruth, at time.Time) (now, lately bool) {
	for _, s := range voidSpans(b) {
		now, lately = now || s.holds(at), lately || s.endedWithin(at, e.window())
	}
	dwell := e.scheme.Policy(time.Time{}, nil).Triggers[rule.TriggerUnAudited].Dwell
	for i, s := range downSpans(b) {
		since := e.downSince(b, i)
		now = now || s.holds(at) && at.Sub(since) >= dwell
		lately = lately || s.endedWithin(at, e.window()) && s.to.Sub(since) >= dwell
	}
	if gone := deletedAt(b); !gone.IsZero() && b.EverAudited {
		missing := gone // that it is not shown began earlier, if it was hidden then
		for _, h := range e.hiddenIn(b.BillID) {
			if h.holds(gone) {
				missing = h.from
			}
		}
		now = now || !at.Before(gone) && at.Sub(missing) >= e.scheme.AbsentWait()
	}
	return now, lately
}

// downSince is when the bill was last live before this stretch in which it was not, as far as anybody can know: a life
// too short for any run leaves a dwell running.
func (e *evidence) downSince(b books.BillTruth, i int) time.Time {
	down := downSpans(b)
	for ; i > 0; i-- {
		if e.seenIn(b, span{down[i-1].to, down[i].from}) {
			break
		}
	}
	return down[i].from
}

// madeBy says whether some audit of the bill had made that order by then.
func madeBy(e *evidence, b books.BillTruth, key warehouse.Key, by time.Time) bool {
	for _, event := range b.Events {
		if event.Action == books.ActionAudit && !event.At.After(by) &&
			slices.Contains(keysOf(e.scheme, event.Orders), key) {
			return true
		}
	}
	return false
}

// unseenLives counts the lives that made the order, whether or not the scheme asks for its kind, and were over before
// any run could see them: the cancellation of the life before it stands for theirs, too, when it is asked for again
// after an unknown outcome.
func (e *evidence) unseenLives(key warehouse.Key) int {
	n := 0
	for _, b := range e.bills[key.OrderCode] {
		lives := livesOf(e.scheme, b)
		for i, l := range lives {
			own := slices.ContainsFunc(e.cancellations[key], func(d cancellation) bool {
				return d.Bill == b.BillID && !d.Created.Before(l.from) &&
					(i == len(lives)-1 || d.Created.Before(lives[i+1].from))
			})
			if slices.Contains(l.made, key) && !l.to.IsZero() && !own && !e.seenIn(b, l.span) {
				n++
			}
		}
	}
	return n
}

// inTime counts the effects that came while a bill was live again, and not for longer than a request may still come:
// the order that its audit had made anew was cancelled for the life before. Each is counted among the requests in time.
func (e *evidence) inTime(key warehouse.Key, effects []time.Time) int {
	n := 0
	for _, at := range effects {
		if slices.ContainsFunc(e.bills[key.OrderCode], func(b books.BillTruth) bool {
			return slices.ContainsFunc(liveSpans(b),
				func(s span) bool { return s.holds(at) && at.Sub(s.from) <= e.window() })
		}) {
			n++
		}
	}
	return n
}

// episodes counts the lives that had made the order, whether or not the scheme asks for its kind, and ended by then:
// each made it once at most.
func (e *evidence) episodes(key warehouse.Key, by time.Time) int {
	n := 0
	for _, b := range e.bills[key.OrderCode] {
		for _, l := range livesOf(e.scheme, b) {
			if slices.Contains(l.made, key) && !l.to.IsZero() && !l.to.After(by) {
				n++
			}
		}
	}
	return n
}
