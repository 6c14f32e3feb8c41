package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	kbehaviour "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	wbehaviour "github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// plan is all that will happen in a run of the test, made of a seed before anything is started: the same seed and size
// give the same plan. What comes of it differs from run to run, for the processes race.
type plan struct {
	seed    uint64
	storm   time.Duration
	kingdee kbehaviour.Personality
	wms     wbehaviour.Personality
	steps   []step
	blows   []blow
	faults  []queued
	// plays are everybody's trouble, refusals what the WMS has in store for orders that are to end with a person.
	plays    []play
	sessions int
	refusals []refusal
	// absentWait is the scheme's. With the longer one a deletion is proved only after whoever has the number by then
	// has claimed its orders for longer than any read of it may be old.
	absentWait time.Duration
	// changes are schemes that a person applies, hidings permissions that are lost.
	changes []change
	hidings []hiding
}

// size says how long and how dense a plan is.
type size struct {
	kills int
	// each is the time between two kills, fresh the time between two new bills.
	each, fresh time.Duration
	// at lets each kill be an orchestrator's at this point; empty for kills of all kinds.
	at crashpoint.Name
}

// queued is a fault of Kingdee's that is put into its queue at a time; the WMS's faults are drawn by its personality.
type queued struct {
	At    time.Duration
	Fault kbehaviour.Fault
}

// blow is something done to a process of ours.
type blow struct {
	At     time.Duration
	Kind   blowKind
	Target string
	// Point is where it is to die, for atPoint.
	Point crashpoint.Name `json:",omitempty"`
	// Down is how long it stays dead, or frozen.
	Down time.Duration
}

type blowKind string

// The kinds of blow. All but freeze are kills.
const (
	kill     blowKind = "kill"      // SIGKILL
	atPoint  blowKind = "at_point"  // SIGKILL at a named point
	freeze   blowKind = "freeze"    // SIGSTOP, and SIGCONT later
	powerCut blowKind = "power_cut" // Postgres: SIGKILL of the server and all its processes
	atOnce   blowKind = "immediate" // Postgres: immediate shutdown
)

// The processes.
const (
	first    = "orchestrator-1"
	second   = "orchestrator-2"
	reader   = "kingdeesvc"
	sender   = "wmssvc"
	postgres = "postgres"
)

// Streams of chance, one for each part of a plan, so that a change of one part leaves the others as they are.
const (
	chanceBills = iota + 1
	chanceBlows
	chanceFaults
	chancePersonality
	chancePlays
	chanceStories
)

func makePlan(seed uint64, s size) plan {
	chance := func(part uint64) *rand.Rand {
		return rand.New(rand.NewPCG(seed, part)) //nolint:gosec // repeatable on purpose
	}
	p := plan{seed: seed, storm: time.Duration(s.kills) * s.each, sessions: 1}
	p.absentWait = []time.Duration{12 * time.Second, 2 * time.Second, 2 * time.Second}[seed%3]
	p.kingdee, p.wms = personalities(chance(chancePersonality))
	p.steps = makeSteps(chance(chanceBills), p.storm, s.fresh, p.kingdee.DeleteVoided)
	p.blows = makeBlows(chance(chanceBlows), s)
	p.faults = makeFaults(chance(chanceFaults), p.storm)
	if s.at == "" {
		plays := chance(chancePlays)
		p.plays, p.sessions = makePlays(plays, p.storm), sessions(plays, p.storm)
		more := stage(p.storm)
		p.refusals = more.faults
		p.steps = slices.Concat(p.steps, more.steps, herd(), reuse(p.storm, p.absentWait))
		stories := chance(chanceStories)
		p.changes, p.hidings = makeChanges(stories, p.storm), makeHidings(stories, p.storm)
		slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.At, b.At) })
	}
	return p
}

// personalities are servers as they differ in the field, difficult ones.
func personalities(r *rand.Rand) (kbehaviour.Personality, wbehaviour.Personality) {
	often := func(share float64) bool { return r.Float64() < share }
	k := kbehaviour.Personality{
		Seed: r.Uint64(), CommitMillis: r.IntN(400), LatencyMillis: r.IntN(5),
		VoidKeepsModifyDate: often(0.3), UnauditKeepsModifyDate: often(0.3),
		UnauditKeepsApproveDate: often(0.3), CancelDateOnly: often(0.3), DeleteVoided: often(0.5),
	}
	w := wbehaviour.Personality{
		LatencyMS: r.IntN(30), RepeatCancel: []string{"failure", "success"}[r.IntN(2)],
		Working: "intercept", InterceptEnds: "cancelled",
		InterceptMS: 500 + r.IntN(2500), RecreateCancelled: often(0.7),
		Chaos: map[wbehaviour.FaultKind]float64{
			wbehaviour.FaultCommitThenDrop: 0.04, wbehaviour.FaultDropBeforeCommit: 0.03,
			wbehaviour.FaultCommitThenCut: 0.02, wbehaviour.FaultBadGateway: 0.02,
			wbehaviour.FaultCommitThenBadGateway: 0.02, wbehaviour.FaultSlow: 0.03,
			wbehaviour.FaultSlowReply: 0.03, wbehaviour.FaultThrottle: 0.01,
			"broken_xml": 0.01, "undeclared_gbk": 0.01, "empty_body": 0.01, "race": 0.01, "db_error": 0.01,
			"flag_error": 0.01, "noop": 0.01, refused: 0.01,
		},
	}
	return k, w
}

// hand is what sixteen kills in a row are made of, in any order: about half of them at named points.
var hand = []blow{
	{Kind: atPoint}, {Kind: atPoint}, {Kind: atPoint}, {Kind: atPoint}, {Kind: atPoint}, {Kind: atPoint},
	{Kind: atPoint}, {Kind: atPoint},
	{Kind: kill}, {Kind: kill}, {Kind: kill}, {Kind: kill, Target: reader}, {Kind: kill, Target: reader},
	{Kind: kill, Target: sender}, {Kind: kill, Target: sender},
	{Target: postgres},
}

// freezeEvery is how many kills there are to one freeze.
const freezeEvery = 4

// makeBlows spreads the kills over the storm, and between them some freezes.
func makeBlows(r *rand.Rand, s size) []blow {
	var blows []blow
	orchestrators := []string{first, second}
	points := crashpoint.All()
	r.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	for n := 0; n < s.kills; {
		cards := slices.Clone(hand)
		r.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
		for _, b := range cards[:min(len(cards), s.kills-n)] {
			if s.at != "" {
				b, points = blow{Kind: atPoint}, []crashpoint.Name{s.at}
			}
			b.At, b.Down = time.Duration(n)*s.each+between(r, 0, s.each), between(r, 0, 1500*time.Millisecond)
			switch {
			case b.Kind == atPoint:
				b.Point, points = points[0], append(points[1:], points[0])
				b.Target = orchestrators[r.IntN(2)]
			case b.Target == "":
				b.Target = orchestrators[r.IntN(2)]
			case b.Target == postgres:
				b.Kind = []blowKind{atOnce, powerCut}[r.IntN(2)]
			}
			blows = append(blows, b)
			n++
		}
	}
	for i := 0; i < s.kills && s.at == ""; i += freezeEvery {
		b := blow{
			At: time.Duration(i)*s.each + between(r, 0, freezeEvery*s.each), Kind: freeze,
			Target: orchestrators[r.IntN(2)], Down: between(r, 500*time.Millisecond, 3*time.Second),
		}
		switch r.IntN(3) {
		case 0:
			b.Target = reader
		case 1:
			// What it had leases on is another's by the time it wakes.
			b.Down = takeover + between(r, 500*time.Millisecond, 2*time.Second)
		}
		blows = append(blows, b)
	}
	slices.SortStableFunc(blows, func(a, b blow) int { return cmp.Compare(a.At, b.At) })
	return blows
}

// makeFaults lets something go wrong with Kingdee every three seconds. Denser, no run would ever end.
func makeFaults(r *rand.Rand, storm time.Duration) []queued {
	kinds := []kbehaviour.Fault{
		{Shape: "F1", MsgCode: kbehaviour.MsgException}, {Shape: "F1", MsgCode: 6},
		{Shape: "F1", MsgCode: 13}, {Shape: "F1", MsgCode: 14},
		{Shape: "F7", MsgCode: kbehaviour.MsgException}, {Shape: "F10"}, {Shape: "F12"},
		{Shape: "F14"}, {ExpireSessions: true},
		{Drop: kbehaviour.DropBefore}, {Drop: kbehaviour.DropAfter}, {Drop: kbehaviour.DropInside},
		{Drop: kbehaviour.DropHalf}, {Status: 503},
		{DelayMillis: 300}, {DelayMillis: 2000},
		{Service: kbehaviour.ServiceLogin, Status: 502}, {Service: kbehaviour.ServiceLogin, DelayMillis: 800},
	}
	var faults []queued
	for at := time.Duration(0); at < storm; at += between(r, 0, 6*time.Second) {
		fault := kinds[r.IntN(len(kinds))]
		fault.Skip, fault.Count = r.IntN(6), 1
		faults = append(faults, queued{at, fault})
	}
	return faults
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return (from + time.Duration(r.Int64N(int64(to-from)))).Truncate(time.Millisecond)
}

// lines are the plan in words, one event a line, in order.
func (p plan) lines() []string {
	type event struct {
		at   time.Duration
		text string
	}
	var events []event
	add := func(at time.Duration, what string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // plain values
		}
		events = append(events, event{at, fmt.Sprintf("%8.3fs %-5s %s", at.Seconds(), what, text)})
	}
	add(0, "is", p.kingdee)
	add(0, "is", p.wms)
	add(0, "is", map[string]any{"kingdee_sessions": p.sessions, "absent_wait": p.absentWait.String()})
	for _, s := range p.steps {
		add(s.At, "bill", s)
	}
	for _, b := range p.blows {
		add(b.At, "blow", b)
	}
	for _, f := range p.faults {
		add(f.At, "fault", f.Fault)
	}
	for _, f := range p.refusals {
		add(f.At, "fault", f.Fault)
	}
	for _, one := range p.plays {
		add(one.At, "play", one)
	}
	for _, c := range p.changes {
		add(c.At, "apply", c)
	}
	for _, h := range p.hidings {
		add(h.At, "hide", h)
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	lines := make([]string, len(events))
	for i, e := range events {
		lines[i] = e.text
	}
	return lines
}

// kills is how many of its blows kill.
func (p plan) kills() int {
	n := 0
	for _, b := range p.blows {
		if b.Kind != freeze {
			n++
		}
	}
	return n
}

// organisations are whose bill each number is.
func (p plan) organisations() map[string]string {
	all := map[string]string{}
	for _, s := range p.steps {
		if s.Bill != nil {
			all[s.Number] = s.Bill.StockOrg
		}
	}
	return all
}

// digest names the plan in a few characters.
func (p plan) digest() string {
	sum := sha256.New()
	for _, line := range p.lines() {
		fmt.Fprintln(sum, line)
	}
	return hex.EncodeToString(sum.Sum(nil))[:8]
}
