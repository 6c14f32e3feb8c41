package rule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
)

// glance is one read of the bill, taken now and told later, maybe after others that were taken after it.
type glance struct {
	bill rule.Bill
	at   time.Time
	life int
}

// owed is one cancellation in the book.
type owed struct {
	rule.Cancellation
	generation int
	warehouse  string
	state      rule.CancellationState
	verified   time.Time
}

// book keeps what the rules decide the way the ledger does, for one bill.
type book struct {
	policy        rule.Policy
	kingdee       *ruletest.Kingdee
	known         *rule.Known
	cancellations []*owed
	requests      []ruletest.Request
	// told are warehouses of orders that vanished: a person looks for their orders.
	told  []string
	story []string
}

func (b *book) tell(format string, args ...any) {
	b.story = append(b.story, fmt.Sprintf(format, args...))
}

// glance reads the bill as it stands.
func (b *book) glance() glance {
	return glance{bill: b.kingdee.Bill, at: b.kingdee.Now, life: len(b.kingdee.Lives) - 1}
}

// learn decides about a read.
func (b *book) learn(g glance) {
	d := rule.Decide(b.policy, b.known, g.bill, g.at)
	if d.Class == rule.ClassStale {
		return
	}
	if g.bill.State().Live() {
		b.kingdee.Lives[g.life].Seen = true
	}
	b.write(d, g.at)
}

// gone decides that the bill is proved gone.
func (b *book) gone() {
	if b.known == nil || b.known.Class == rule.ClassDeleted {
		return
	}
	b.write(rule.DecideGone(b.policy, *b.known, b.kingdee.Now, b.kingdee.Now), b.kingdee.Now)
}

func (b *book) write(d rule.Decision, at time.Time) {
	b.tell("  %s %v", told(d), d.Triggers)
	after := d.After
	b.known = &after
	if d.Withdraw {
		for _, cancellation := range b.cancellations {
			if cancellation.state == rule.Open {
				cancellation.state = rule.Withdrawn
			}
		}
	}
	for _, order := range d.Vanished {
		covered := func(o *owed) bool {
			return o.generation == d.VanishedGeneration && o.warehouse == order.Warehouse && o.state != rule.Withdrawn
		}
		if !slices.ContainsFunc(b.cancellations, covered) {
			b.told = append(b.told, order.Warehouse)
		}
	}
	for _, order := range d.Orders {
		i := slices.IndexFunc(b.cancellations,
			func(o *owed) bool { return o.generation == d.After.Generation && o.warehouse == order.Warehouse })
		if i < 0 {
			b.cancellations = append(b.cancellations, &owed{
				Cancellation: rule.Cancellation{BillID: 7, Number: b.kingdee.Bill.Number},
				generation:   d.After.Generation, warehouse: order.Warehouse, state: rule.Open, verified: at,
			})
			i = len(b.cancellations) - 1
		}
		cancellation := b.cancellations[i]
		if cancellation.state == rule.Withdrawn {
			cancellation.state, cancellation.verified = rule.Open, time.Time{}
		}
		cancellation.Evidence, cancellation.NotBefore = d.Evidence, d.NotBefore
		for _, t := range d.Triggers {
			if !slices.Contains(cancellation.Triggers, t) {
				cancellation.Triggers = append(cancellation.Triggers, t)
			}
		}
	}
}

// send does what a batch does with everything that is due: it reads the bill again where the last read is too old, and
// sends.
func (b *book) send() {
	now := b.kingdee.Now
	for _, cancellation := range b.cancellations {
		if cancellation.state != rule.Open || now.Before(cancellation.NotBefore) {
			continue
		}
		fresh := time.Minute
		if !cancellation.NotBefore.IsZero() {
			fresh = rule.FreshFor
		}
		if cancellation.verified.Before(cancellation.NotBefore) || now.After(cancellation.verified.Add(fresh)) {
			read := rule.FreshRead{Left: now, Gone: b.kingdee.Gone && b.known.Class == rule.ClassDeleted}
			if !b.kingdee.Gone {
				state := b.kingdee.Bill.State()
				read.ByID, read.ByNumber = &state, []rule.State{state}
			}
			v := rule.Verify(b.policy, cancellation.Cancellation, read)
			b.tell("  looked at e%d %s: %s %s", cancellation.generation, cancellation.warehouse, v.Outcome, v.Trigger)
			switch v.Outcome {
			case rule.NoTrigger:
				cancellation.state = rule.Withdrawn
				b.known.Reread = true
				continue
			case rule.Dwelling:
				cancellation.NotBefore = v.NotBefore
				continue
			case rule.Holds:
				cancellation.verified, cancellation.NotBefore = now, v.NotBefore
			default:
				continue
			}
		}
		cancellation.state = rule.Done
		b.requests = append(b.requests, ruletest.Request{
			Warehouse: cancellation.warehouse, At: now, Guessed: cancellation.Evidence != rule.EvidenceSnapshot,
		})
		b.tell("  sent e%d %s", cancellation.generation, cancellation.warehouse)
	}
}

// Whatever happens to a bill, however late and in whatever order it is read, in the end the WMS was asked for what a
// simple model says.
func TestRandomLivesEndWhereASimpleModelSays(t *testing.T) {
	watched := []ruletest.Watched{
		{Triggers: []rule.Trigger{rule.TriggerVoided}},
		{Triggers: []rule.Trigger{rule.TriggerVoided, rule.TriggerUnAudited}, Dwell: 2 * time.Minute},
		{Triggers: []rule.Trigger{rule.TriggerVoided, rule.TriggerDeleted}},
		{Triggers: rule.Triggers, Dwell: 2 * time.Minute},
		{Triggers: []rule.Trigger{rule.TriggerUnAudited}, Dwell: 2 * time.Minute},
	}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // a repeatable test
		w := watched[seed%uint64(len(watched))]
		if err := randomLife(r, w); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func randomLife(r *rand.Rand, w ruletest.Watched) error {
	b := &book{policy: inbound, kingdee: ruletest.NewKingdee(ruletest.RandomHabits(r), 7, "ZZCX000007", start)}
	b.policy.Triggers = map[rule.Trigger]rule.Terms{}
	for _, trigger := range w.Triggers {
		b.policy.Triggers[trigger] = rule.Terms{}
	}
	if _, on := b.policy.Triggers[rule.TriggerUnAudited]; on {
		b.policy.Triggers[rule.TriggerUnAudited] = rule.Terms{Dwell: w.Dwell}
	}
	var onTheWay []glance
	for range 30 {
		pause := time.Duration(1+r.IntN(90)) * time.Second
		if r.IntN(3) == 0 {
			pause *= 60
		}
		b.tell("%s %s", b.kingdee.Step(r, pause, true), b.kingdee.Now.Sub(start))
		for range r.IntN(3) {
			if !b.kingdee.Gone {
				onTheWay = append(onTheWay, b.glance())
			}
		}
		// Some of what was read arrives, in any order; a moment passes with each.
		for len(onTheWay) > 0 && r.IntN(3) > 0 {
			i := r.IntN(len(onTheWay))
			b.kingdee.Now = b.kingdee.Now.Add(time.Duration(1+r.IntN(2000)) * time.Millisecond)
			b.learn(onTheWay[i])
			onTheWay = slices.Delete(onTheWay, i, i+1)
		}
		if r.IntN(2) == 0 {
			b.send()
		}
	}
	for _, g := range onTheWay {
		b.learn(g)
	}
	// Quiet: everybody looks again until nothing is due.
	for range 4 {
		b.kingdee.Now = b.kingdee.Now.Add(w.Dwell + time.Minute)
		if b.kingdee.Gone {
			b.gone()
		} else {
			b.learn(b.glance())
		}
		b.send()
	}
	return b.check(w)
}

func (b *book) check(w ruletest.Watched) error {
	err := b.kingdee.Check(w, b.requests, b.told, time.Minute)
	for _, cancellation := range b.cancellations {
		if err == nil && cancellation.state == rule.Open {
			// The bill is gone, and the scheme does not act on that: a person is asked after a day.
			if b.kingdee.Gone && b.kingdee.Holding(w) == "" {
				continue
			}
			err = fmt.Errorf("the cancellation of generation %d in %s was never settled",
				cancellation.generation, cancellation.warehouse)
		}
	}
	if err != nil {
		return fmt.Errorf("%w\n%+v\n%s", err, b.kingdee.Habits, strings.Join(b.story, "\n"))
	}
	return nil
}

func TestTheModelItselfNoticesWhatIsWrong(t *testing.T) {
	k := ruletest.NewKingdee(ruletest.Habits{}, 7, "Z", start)
	w := ruletest.Watched{Triggers: []rule.Trigger{rule.TriggerVoided}}
	k.Now = h(1)
	require.Error(t, k.Check(w, []ruletest.Request{{Warehouse: "WH1", At: h(1)}}, nil, 0), "a draft")
	k.Audit()
	k.Lives[0].Seen = true
	require.Error(t, k.Check(w, []ruletest.Request{{Warehouse: "WH1", At: h(1.5)}}, nil, 0), "a live bill")
	k.Now = h(2)
	k.UnAudit()
	k.Void()
	require.ErrorContains(t, k.Check(w, nil, nil, 0), "never cancelled")
	require.ErrorContains(t,
		k.Check(w, []ruletest.Request{{Warehouse: "WH1", At: h(2)}, {Warehouse: "WH3", At: h(2)}}, nil, 0),
		"no life of the bill made that order")
	require.NoError(t, k.Check(w, []ruletest.Request{{Warehouse: "WH1", At: h(2)}}, nil, 0))
}
