package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/orchestrator/chaos/proxy"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// play is something that goes on for a while and is everybody's trouble.
type play struct {
	At   time.Duration
	Kind playKind
	// Answer is the proxy's, for proxied.
	Answer proxy.Answer `json:",omitempty"`
	// For is how long it lasts at least; then it lasts until its condition is open, though no longer than longestPlay.
	For time.Duration
	// Sure: it is played even if the storm is over by then.
	Sure bool
}

type playKind string

// The plays.
const (
	proxied playKind = "wms_behind_proxy" // the WMS is away, and a proxy answers for it
	slowed  playKind = "kingdee_at_5_s"   // Kingdee takes 5 s for each answer
	closed  playKind = "read_only"        // Postgres takes no writes
	paused  playKind = "pause"            // a person pauses the scheme, and types what the condition says
	stopped playKind = "stop_all"         // a person stops everything, and types what the condition says
)

// opens are the conditions that the plays open.
var opens = map[playKind]rule.ConditionKind{
	proxied: rule.ConditionWMSAway, slowed: rule.ConditionKingdeeSlow, closed: rule.ConditionDatabaseReadOnly,
	paused: rule.ConditionPaused, stopped: rule.ConditionStopAll,
}

// Times of the plays.
const (
	playsEvery = time.Minute
	firstPlay  = 4 * time.Second
	nextPlay   = 7 * time.Second
	slowAnswer = 5 * time.Second
	// longestPlay is when nobody will notice any more.
	longestPlay  = time.Minute
	quickStorm   = time.Minute
	mostSessions = 3
)

// sessions is how many kingdeesvc may have with Kingdee: in a short storm enough of them to notice that it is slow.
func sessions(r *rand.Rand, storm time.Duration) int {
	if storm < quickStorm {
		return mostSessions
	}
	return 1 + r.IntN(mostSessions)
}

// makePlays lets each of the plays come once in playsEvery, the first of each for sure; but a slow Kingdee, for which
// everything waits longest, comes every other time, and a proxy twice the times between.
func makePlays(r *rand.Rand, storm time.Duration) []play {
	var plays []play
	answers := proxy.Answers()
	r.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	acts := []playKind{paused, stopped}
	if r.IntN(2) == 0 {
		acts = []playKind{stopped, paused}
	}
	for round := 0; round == 0 || firstPlay+time.Duration(round)*playsEvery < storm-10*time.Second; round++ {
		rest := []play{
			{Kind: slowed, For: between(r, 9*time.Second, 13*time.Second)},
			{Kind: closed, For: between(r, 1500*time.Millisecond, 5*time.Second)},
			{Kind: acts[round%2], For: between(r, 1500*time.Millisecond, 4*time.Second)},
		}
		r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		if storm < quickStorm {
			// Nobody is killed while it is waited for that a slow Kingdee is noticed.
			slow := slices.IndexFunc(rest, func(p play) bool { return p.Kind == slowed })
			rest = append(slices.Delete(slices.Clone(rest), slow, slow+1), rest[slow])
		}
		at := time.Duration(round)*playsEvery + firstPlay
		all := append([]play{{
			Kind: proxied, Answer: answers[round%len(answers)], For: between(r, 2*time.Second, 6*time.Second),
		}}, rest...)
		if round%2 == 1 {
			all = append(slices.DeleteFunc(all, func(p play) bool { return p.Kind == slowed }), play{
				Kind: proxied, Answer: answers[(round+1)%len(answers)], For: between(r, 2*time.Second, 6*time.Second),
			})
		}
		for _, p := range all {
			p.At, p.Sure = at, round == 0
			if at < storm-nextPlay || p.Sure {
				plays = append(plays, p)
			}
			at += nextPlay
		}
	}
	return plays
}

// staged are bills that end with a person for sure, with what the WMS does to their orders.
type staged struct {
	steps  []step
	faults []refusal
}

// refusal is a fault that the WMS has in store for an order.
type refusal struct {
	At    time.Duration
	Fault wbehaviour.Fault
}

// refused is what a WMS says that is not set up for cancels: it did nothing, and a person has to see to it.
const refused wbehaviour.FaultKind = "not_deployed"

// togetherGone is how many bills are deleted at once, which is too many for voidrelay to believe.
const togetherGone = rule.ManyGone + 2

// stage makes, once in playsEvery, a bill whose goods the warehouse has received, two that the WMS refuses to cancel,
// and some that are deleted together.
func stage(storm time.Duration) staged {
	var s staged
	for round := 0; round == 0 || time.Duration(round)*playsEvery < storm-20*time.Second; round++ {
		at := time.Duration(round)*playsEvery + 500*time.Millisecond
		name := func(what string) string { return fmt.Sprintf("%s%d-%s", stagedPrefix, round+1, what) }
		late := name("late")
		s.add(at, late, create, "")
		s.add(at+time.Second, late, finish, stocks[0])
		s.add(at+1500*time.Millisecond, late, void, "")
		for i := range 2 {
			number := name(fmt.Sprintf("refused-%d", i+1))
			s.add(at, number, create, "")
			s.faults = append(s.faults, refusal{at, wbehaviour.Fault{Kind: refused, OrderCode: number, Times: 2}})
			s.add(at+1200*time.Millisecond, number, void, "")
		}
		for i := range togetherGone {
			number := name(fmt.Sprintf("gone-%d", i+1))
			s.add(at, number, create, "")
			s.add(at+4*time.Second, number, unaudit, "")
			s.add(at+4*time.Second, number, remove, "")
		}
	}
	return s
}

// Numbers of the bills that are staged, and of those that are made last.
const (
	stagedPrefix = "PL"
	lastPrefix   = "ZZ"
)

func (s *staged) add(at time.Duration, number string, do deed, stock string) {
	one := step{At: at, Number: number, Do: do, Stock: stock}
	if do == create {
		one.Bill = oneOrder(number, organisations[0])
	}
	s.steps = append(s.steps, one)
}

// oneOrder is a bill with an order into the first warehouse, and one out of another for its components.
func oneOrder(number, organisation string) *books.Bill {
	return &books.Bill{
		BillNo: number, AffairType: books.Assembly, StockOrg: organisation,
		Lines: []books.Line{{
			Goods: books.Goods{Material: "CP.LH.001", Unit: "Pcs", Qty: "10", Stock: stocks[0]},
			Components: []books.Component{
				{Goods: books.Goods{Material: "WL.SP.101", Unit: "Pcs", Qty: "60", Stock: "CK003"}},
			},
		}},
	}
}

// demands are the acts that have to be typed at least once, for what the plan plays and stages.
func (p plan) demands() []string {
	if len(p.plays) == 0 {
		return nil
	}
	verbs := []string{"ignore", "retry", "done"}
	if p.storm >= 2*playsEvery {
		verbs = append(verbs, "release")
	}
	for kind, verb := range map[playKind]string{paused: "resume", stopped: "resume-all"} {
		for _, one := range p.plays {
			if one.Kind == kind {
				verbs = append(verbs, verb)
				break
			}
		}
	}
	return verbs
}

// untyped are the acts that a plan demands and that nobody has typed.
func (o *operator) untyped(p plan) []string {
	counts, _ := o.typed()
	return slices.DeleteFunc(p.demands(), func(verb string) bool { return counts[verb] > 0 })
}
