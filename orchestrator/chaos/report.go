package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// told bounds how many findings are told in full.
const toldInFull = 10

// report prints what happened and what came of it.
func (r *run) report(w io.Writer) {
	s, v := r.storm, r.verdict
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", what, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "seed %d, plan %s: %s of storm, then quiet after %s\n",
		r.plan.seed, r.plan.digest(), r.stormed.Round(time.Second), r.calmed.took.Round(100*time.Millisecond))
	if s.cut {
		line("cut short", "the storm, to leave time for the quiet: %d of %d kills", sum(s.kills), r.plan.kills())
	}
	switch {
	case r.calmed.moving:
		line("cut short", "the quiet, while things were still getting done: %s; %d findings of lost and open are NOT "+
			"PROVED, and not counted", r.calmed.left, v.unproved)
	case !r.calmed.settled:
		line("not settled", "after %s, and nothing moved any more: %s", r.calmed.took.Round(time.Second), r.calmed.left)
	}
	line("kills", "%d: %s", sum(s.kills), list(s.kills))
	line("at points", "%d: %s; %d not reached in time and killed elsewhere", sum(s.points), list(s.points), s.missed)
	line("freezes", "%d: %s", sum(s.freezes), list(s.freezes))
	line("faults", "Kingdee %d; WMS %d: %s", r.kingdeeFaults, sum(v.wmsFaults), list(v.wmsFaults))
	line("bills", "%d of %d numbers: %s", r.billCount(), len(r.evidence.bills), list(s.steps))
	line("cancellations", "%d: %s; for %s", sum(v.cancellations), list(v.cancellations), list(v.triggers))
	line("with a person", "%d: %s", sum(v.persons), list(v.persons))
	line("other work", "%d: %s", sum(v.told), list(v.told))
	line("requests", "%d, of which %d cancelled an order", v.requests, v.effects)
	line("repeated", "%d, after: %s", sum(v.repeats), list(v.repeats))
	line("asked for", "%d runs", s.asked)
	line("looked again", "%s", list(r.evidence.intervals))
	line("ended", "%d orders of bills that are so now: %s", sum(v.ended), list(v.ended))
	line("unseen", "%d orders of lives that were over before any run could see them; %d of deleted bills whose "+
		"number is another's", v.unseen, v.passedOn)
	line("plays", "%s", r.playList())
	line("stories", "%s", r.storyList())
	line("conditions", "%s", r.conditionList())
	typed, failed := s.operator.typed()
	line("typed", "%d: %s; %d more ended with an error; the warehouse was phoned %d times", sum(typed), list(typed),
		failed, s.operator.phoned)
	line("in time", "%d while a bill was live again and %d after one was taken back, all within verify_after + %s",
		v.inside, v.afterRestore, tolerance)
	fmt.Fprintln(w)
	for _, f := range []fault{lost, wrong, stillOpen, beyond, unrecorded, stuck} {
		fmt.Fprintf(w, "  %s %d\n", f, v.count(f))
	}
	numbers := map[string]bool{}
	for i, f := range v.findings {
		fmt.Fprintf(w, "\n%s: %s\n", strings.ToUpper(string(f.Fault)), f.Text)
		if i < toldInFull && !numbers[f.Number] {
			numbers[f.Number] = true
			r.evidence.tell(w, f.Number)
		}
	}
}

// conditionList says how often each condition was open, and for how long.
func (r *run) conditionList() string {
	counts, lasted := r.storm.lookout.counts(time.Now())
	words := []string{}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d for %s", kind, counts[kind], lasted[kind].Round(time.Second)))
	}
	return cmp.Or(strings.Join(words, ", "), "none")
}

// playList says which plays took place, how long they lasted and what met them.
func (r *run) playList() string {
	took, met, times := map[playKind]time.Duration{}, map[playKind]int{}, map[playKind]int{}
	for _, p := range r.storm.played {
		took[p.Kind] += p.to.Sub(p.from)
		met[p.Kind] += p.met
		times[p.Kind]++
	}
	words := []string{}
	for _, kind := range slices.Sorted(maps.Keys(times)) {
		text := fmt.Sprintf("%s %d for %s", kind, times[kind], took[kind].Round(time.Second))
		if metByRequests(kind) {
			text += fmt.Sprintf(" (%d requests met it)", met[kind])
		}
		words = append(words, text)
	}
	return cmp.Or(strings.Join(words, ", "), "none")
}

// storyList says how often each story was played.
func (r *run) storyList() string {
	words := make([]string, len(stories))
	for i, kind := range stories {
		words[i] = fmt.Sprintf("%s %d", kind, r.storm.stories[kind])
	}
	return strings.Join(words, ", ")
}

func (r *run) billCount() int {
	n := 0
	for _, bills := range r.evidence.bills {
		n += len(bills)
	}
	return n
}

func sum[K comparable](counts map[K]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// list is counts in words, the greatest first.
func list[K ~string](counts map[K]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = fmt.Sprintf("%s %d", k, counts[k])
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// tell prints all that is known of a bill number: both truths' histories, the ledger's rows and attempts, the work
// items.
func (e *evidence) tell(w io.Writer, number string) {
	type event struct {
		at   time.Time
		text string
	}
	var events []event
	add := func(at time.Time, format string, args ...any) {
		events = append(events, event{at, fmt.Sprintf(format, args...)})
	}
	for _, b := range e.bills[number] {
		for _, ev := range b.Events {
			orders := make([]string, 0, len(ev.Orders))
			for _, key := range keysOf(e.scheme, ev.Orders) {
				orders = append(orders, key.WarehouseCode+"/"+key.OrderType)
			}
			add(ev.At, "kingdee  bill %d %s → %s%s %s", b.BillID, ev.Action, ev.DocumentStatus,
				ev.CancelStatus, strings.Join(orders, " "))
		}
	}
	for key, o := range e.orders {
		if key.OrderCode != number {
			continue
		}
		short := key.WarehouseCode + "/" + key.OrderType
		if o.Order != nil {
			for _, c := range o.Order.History {
				add(c.At, "wms      %s is %s, by %s", short, c.To, c.By)
			}
		}
		for _, a := range o.Arrivals {
			add(a.At, "wms      %s request %d %s → %s, took effect: %t, answered: %t", short, a.ID, a.Fault, a.Outcome,
				a.TookEffect, a.Answered)
		}
	}
	for key, cancellations := range e.cancellations {
		if key.OrderCode == number {
			for _, d := range cancellations {
				add(d.Created, "ledger   cancellation %d of bill %d generation %d %s/%s made, evidence %s; now %s %s%s",
					d.ID, d.Bill, d.Generation, d.Code, d.Type, d.Evidence, d.State, d.Hold, d.Outcome)
				for _, a := range d.attempts {
					add(a.Intent, "ledger   cancellation %d attempt %d intended, to be sent before %s", d.ID,
						a.Attempt, clock(a.Before))
					if a.Sent != nil {
						add(*a.Sent, "ledger   cancellation %d attempt %d sent", d.ID, a.Attempt)
					}
					if a.Result != nil {
						add(*a.Result, "ledger   cancellation %d attempt %d came to %s %s%s", d.ID, a.Attempt,
							a.Disposition, a.Message, a.Detail)
					}
				}
				if d.Ended != nil {
					add(*d.Ended, "ledger   cancellation %d ended %s", d.ID, d.State)
				}
			}
		}
	}
	for _, item := range e.work[number] {
		add(item.Created, "ledger   work item %s for bill %d, cancellation %d: %s %s", item.Kind, item.Bill,
			item.Cancellation, item.Subject, item.Detail)
		if item.Closed != nil {
			add(*item.Closed, "ledger   work item %s closed: %s", item.Kind, item.Reason)
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, ev := range events {
		fmt.Fprintf(w, "    %s %s\n", clock(ev.at), ev.text)
	}
}
