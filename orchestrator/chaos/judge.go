package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

// fault is what the test is there to find. The words are the package's.
type fault string

const (
	lost       fault = "lost"
	wrong      fault = "wrong"
	stillOpen  fault = "open"
	beyond     fault = "effects beyond one per order and generation"
	unrecorded fault = "requests without an intent before them"
	stuck      fault = "conditions that did not end"
)

// finding is one fault, told of one bill number.
type finding struct {
	Fault  fault
	Number string
	Text   string
	// Early: more time might have settled it.
	Early bool
}

// findings is what came of holding both truths and the ledger against one another.
type findings struct {
	findings []finding
	// inside are requests that came while a bill of the number was live again, but not longer than a read of it may be
	// old; afterRestore those that came so soon after a bill was taken back without being audited again.
	inside, afterRestore int
	requests, effects    int
	// repeats are requests beyond the first of a cancellation, by what the one before it came to.
	repeats map[string]int
	// cancellations by state, persons by the kind of work item that hands a cancellation to somebody.
	cancellations, persons map[string]int
	// told are work items that are about no single cancellation, by kind.
	told map[string]int
	// triggers are what cancellations were owed for, all reasons of one together.
	triggers map[string]int
	// ended are orders whose end was asked for and found, by the trigger that holds in truth.
	ended map[rule.Trigger]int
	// unseen are orders of lives that no run had a chance to see. passedOn are those of deleted bills whose number is
	// another's now.
	unseen, passedOn int
	// unproved are findings that were postponed.
	unproved  int
	wmsFaults map[wbehaviour.FaultKind]int
}

func (v *findings) find(f fault, number, format string, args ...any) {
	v.findings = append(v.findings,
		finding{Fault: f, Number: number, Text: fmt.Sprintf(format, args...), Early: f == stillOpen})
}

// postpone takes out what more time might have settled: the quiet was cut off while things were still getting done.
func (v *findings) postpone() {
	before := len(v.findings)
	v.findings = slices.DeleteFunc(v.findings, func(f finding) bool { return f.Early })
	v.unproved = before - len(v.findings)
}

// count is how often a fault was found.
func (v *findings) count(f fault) int {
	n := 0
	for _, one := range v.findings {
		if one.Fault == f {
			n++
		}
	}
	return n
}

// tolerance is what "wrong" allows over verify_after, for the way from the last look to the WMS.
const tolerance = 5 * time.Second

// checkWarehouse is in the harmless request with which wmssvc tries an account; no such order exists.
const checkWarehouse = "VOIDRELAY-CHECK"

// judge holds everything against everything.
func judge(e *evidence) *findings {
	v := &findings{
		repeats: map[string]int{}, cancellations: map[string]int{}, persons: map[string]int{},
		told: map[string]int{}, wmsFaults: map[wbehaviour.FaultKind]int{},
		ended: map[rule.Trigger]int{}, triggers: map[string]int{},
	}
	for _, bills := range e.bills {
		for _, b := range bills {
			v.bill(e, b)
		}
	}
	for _, o := range e.orders {
		if o.WarehouseCode != checkWarehouse {
			v.order(e, o)
		}
	}
	for _, cancellations := range e.cancellations {
		for _, d := range cancellations {
			v.cancellation(e, d)
		}
	}
	v.revisions(e)
	for _, c := range e.open {
		v.find(stuck, c.Kind, "%s %s is open since %s: %s", c.Kind, c.About, clock(c.Since), c.Detail)
		v.findings[len(v.findings)-1].Early = true
	}
	for _, items := range e.work {
		for _, w := range items {
			if w.Cancellation == 0 {
				v.told[w.Kind]++
			}
			if _, listed := e.scheme.Warehouse(w.Subject); listed && w.Closed == nil &&
				w.Kind == string(rule.WorkNoWarehouse) {
				v.find(stillOpen, e.waitsFor(w.Subject).Number,
					"a work item of %s says that warehouse %s is not in the scheme, and it is: %+v waits",
					clock(w.Created), w.Subject, e.waitsFor(w.Subject))
			}
		}
	}
	slices.SortFunc(v.findings, func(a, b finding) int {
		return slices.Compare([]string{string(a.Fault), a.Number, a.Text}, []string{string(b.Fault), b.Number, b.Text})
	})
	return v
}

// bill asks for the end of each order of a bill that calls for it now, and whether a live one lost its order in
// silence.
func (v *findings) bill(e *evidence, b books.BillTruth) {
	trigger := e.holding(b)
	if trigger == "" {
		for _, key := range lastOrders(e.scheme, b) {
			if b.Live && e.brokenInSilence(b, key) {
				v.find(wrong, b.BillNo, "bill %d is live, its order %s is cancelled, and no work item says so",
					b.BillID, key)
			}
		}
		return
	}
	for _, key := range lastOrders(e.scheme, b) {
		missing := v.missing(e, b, key)
		switch {
		case missing == "":
			v.ended[trigger]++
		case e.passedOn(b, key):
			v.passedOn++
		case e.unseen(b, key, trigger):
			v.unseen++
		default:
			v.find(lost, b.BillNo, "bill %d is %s, its order %s: %s", b.BillID, trigger, key, missing)
			v.findings[len(v.findings)-1].Early = true
		}
	}
}

// missing says what the ledger lacks about an order of a voided bill; empty when it was cancelled and is known to be,
// or when it could not be and a person was told.
func (v *findings) missing(e *evidence, b books.BillTruth, key warehouse.Key) string {
	order := e.orders[key].Order
	if order == nil {
		return "was never made, which is a fault of this test"
	}
	var newest *cancellation
	for i, d := range e.cancellations[key] {
		if d.Bill == b.BillID && (newest == nil || d.Generation > newest.Generation) {
			newest = &e.cancellations[key][i]
		}
	}
	switch {
	case newest == nil:
		return "the ledger owes nothing for it"
	case newest.State == "done" && order.State == warehouse.StateCancelled:
		return ""
	case newest.State == "done":
		return fmt.Sprintf("the ledger calls it done, in the WMS it is %s", order.State)
	case newest.person():
		if kind := e.unexplained(*newest, e.orders[key], b); kind != "" {
			return "given to a person without cause: " + kind
		}
		return ""
	case newest.State == "planned" || newest.State == "open":
		return "" // counted as open
	}
	return fmt.Sprintf("the ledger calls it %s (%s), in the WMS it is %s", newest.State, newest.Outcome, order.State)
}

// order looks at each request that reached the WMS.
func (v *findings) order(e *evidence, o warehouse.Truth) {
	v.requests += o.Requests
	v.effects += o.Effects
	number := o.OrderCode
	cancellations := e.cancellations[o.Key]
	effects := effectTimes(o)
	if o.Effects > len(cancellations)+e.unseenLives(o.Key)+e.inTime(o.Key, effects) {
		v.find(beyond, number, "%s was cancelled %d times, the ledger has %d cancellations for it", o.Key,
			o.Effects, len(cancellations))
	}
	var intents []time.Time
	for _, d := range cancellations {
		for _, a := range d.attempts {
			intents = append(intents, a.Intent)
		}
	}
	slices.SortFunc(intents, time.Time.Compare)
	for i, arrival := range o.Arrivals {
		if arrival.Fault != "" {
			v.wmsFaults[arrival.Fault]++
		}
		received := arrival.At.Add(-delayOf(arrival))
		if i >= len(intents) || intents[i].After(arrival.At) {
			v.find(unrecorded, number, "%s: request %d came at %s, and the ledger had %d attempts by then", o.Key, i+1,
				clock(received), upTo(intents, arrival.At))
		}
		v.request(e, o.Key, received)
	}
	for i, effect := range effects {
		if episodes := e.episodes(o.Key, effect); i >= episodes+e.inTime(o.Key, effects[:i+1]) {
			v.find(beyond, number,
				"%s was cancelled for the %d. time at %s, when lives of bills of that number had ended %d times", o.Key,
				i+1, clock(effect), episodes)
		}
	}
}

// delayOf is how long the WMS let a request lie before it noted it: its one fault that waits first, for a second by
// default.
func delayOf(a warehouse.Arrival) time.Duration {
	if a.Fault == wbehaviour.FaultSlow {
		return time.Second
	}
	return 0
}

// effectTimes are when requests really cancelled the order, in order.
func effectTimes(o warehouse.Truth) []time.Time {
	var times []time.Time
	for _, a := range o.Arrivals {
		if a.TookEffect {
			times = append(times, a.At)
		}
	}
	return times
}

func upTo(times []time.Time, at time.Time) int {
	n := 0
	for _, t := range times {
		if !t.After(at) {
			n++
		}
	}
	return n
}

// cancellation looks at one row of the ledger.
func (v *findings) cancellation(e *evidence, d cancellation) {
	v.cancellations[d.State]++
	v.triggers[strings.Join(d.Triggers, "+")]++
	if d.State == "planned" || d.State == "open" {
		v.find(stillOpen, d.Number, "cancellation %d of %s is %s", d.ID, d.key(), d.State)
	}
	if d.person() {
		v.persons[e.handedOver(d)]++
	}
	last := ""
	for _, a := range d.attempts {
		if s := e.stoppedAt(a.Intent); s != nil {
			v.find(wrong, d.Number, "attempt %d of cancellation %d was intended at %s, when nothing was to be sent: a "+
				"person had stopped it at %s", a.Attempt, d.ID, clock(a.Intent), clock(s.from))
		}
		if a.Disposition == "" {
			v.find(stillOpen, d.Number, "attempt %d of cancellation %d has no answer", a.Attempt, d.ID)
		}
		if a.Disposition == "not_sent" {
			continue // wmssvc vouches that nothing left
		}
		if last != "" {
			v.repeats[last]++
		}
		last = a.Disposition
	}
	if d.State == "done" && !wasCancelled(e.orders[d.key()], d) {
		v.find(lost, d.Number, "cancellation %d of %s is done, and the order was not cancelled then", d.ID, d.key())
	}
}

// heardWithin is how long it may take until every orchestrator has heard that it must not send.
const heardWithin = time.Second

// stoppedAt is the stop, by a person's word, in which that moment lies; nil if none.
func (e *evidence) stoppedAt(at time.Time) *span {
	i := slices.IndexFunc(e.stops, func(s span) bool { return at.After(s.from.Add(heardWithin)) && at.Before(s.to) })
	if i < 0 {
		return nil
	}
	return &e.stops[i]
}

// wasCancelled says whether the order was cancelled at some moment between the cancellation's first attempt and its
// end.
func wasCancelled(o warehouse.Truth, d cancellation) bool {
	if o.Order == nil || len(d.all()) == 0 || d.Ended == nil {
		return false
	}
	from, to := d.all()[0].Intent, *d.Ended
	var since time.Time
	for _, c := range o.Order.History {
		if c.To == warehouse.StateCancelled {
			since = c.At
			if !since.After(to) && !since.Before(from) {
				return true
			}
		} else if !since.IsZero() {
			if since.Before(to) && c.At.After(from) {
				return true
			}
			since = time.Time{}
		}
	}
	return !since.IsZero() && !since.After(to)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
