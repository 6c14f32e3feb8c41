package main

import (
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// request holds one request against what was true of the bills of its number when it came: none that had made the order
// may be live. It finds one fault of it at most.
func (v *findings) request(e *evidence, key warehouse.Key, received time.Time) {
	window := e.window()
	owed, before, again, known := false, false, false, false
	for _, b := range e.bills[key.OrderCode] {
		made := madeBy(e, b, key, received)
		for _, s := range liveSpans(b) {
			// A bill that has the number and never had this order is no obstacle.
			if !made || !s.holds(received) {
				continue
			}
			if since := received.Sub(s.from); since > window {
				v.find(wrong, key.OrderCode, "%s: a request came at %s, when bill %d had been live for %s", key,
					clock(received), b.BillID, since.Round(time.Millisecond))
				return
			}
			again = true
		}
		now, lately := e.called(b, received)
		owed, before = owed || now, before || lately
		known = known || made
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
		now = now || at.Sub(gone) >= e.scheme.AbsentWait()
	}
	return now, lately
}

// downSince is when the bill was last live before this stretch in which it was not, as far as anybody can know: a life
// too short for any run leaves a dwell running.
func (e *evidence) downSince(b books.BillTruth, i int) time.Time {
	down := downSpans(b)
	for ; i > 0; i-- {
		if e.runs.within(span{down[i-1].to, down[i].from}, e.visible) {
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

// unseenLives counts the lives that made the order and were over before any run could see them: the cancellation of the
// life before it stands for theirs, too, when it is asked for again after an unknown outcome.
func (e *evidence) unseenLives(key warehouse.Key) int {
	n := 0
	for _, b := range e.bills[key.OrderCode] {
		lives := livesOf(e.scheme, b)
		for i, l := range lives {
			own := slices.ContainsFunc(e.cancellations[key], func(d cancellation) bool {
				return d.Bill == b.BillID && !d.Created.Before(l.from) &&
					(i == len(lives)-1 || d.Created.Before(lives[i+1].from))
			})
			if slices.Contains(l.keys, key) && !l.to.IsZero() && !own && !e.runs.within(l.span, e.visible) {
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

// episodes counts the lives that had made the order and ended by then: each made it once at most.
func (e *evidence) episodes(key warehouse.Key, by time.Time) int {
	n := 0
	for _, b := range e.bills[key.OrderCode] {
		for _, l := range livesOf(e.scheme, b) {
			if slices.Contains(l.keys, key) && !l.to.IsZero() && !l.to.After(by) {
				n++
			}
		}
	}
	return n
}
