package rule_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
)

// witness is what a reader saw of one life so far.
type witness struct {
	known *rule.Known
	// lastLive is the bill at the last live read, with the counts of audits and restores at that moment; nil before
	// any.
	lastLive         *rule.Bill
	audits, restores int
	// settled is the highest generation with a cancellation before the last live read.
	settled, owed int
	story         []string
}

// Whatever happens to a bill, and whichever of its states are read, these hold.
func TestRandomLivesKeepTheRules(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a repeatable test
		k := ruletest.NewKingdee(ruletest.RandomHabits(r), 7, "ZZCX000007", start)
		w := &witness{}
		for range 25 {
			w.story = append(w.story, k.Step(r, time.Duration(1+r.IntN(600))*time.Minute, false))
			if r.IntN(2) == 0 {
				w.read(t, seed, k, r)
			}
			if t.Failed() {
				return
			}
		}
	}
}

func (w *witness) read(t *testing.T, seed uint64, k *ruletest.Kingdee, r *rand.Rand) {
	t.Helper()
	w.story = append(w.story, "read")
	bill := k.Bill
	d := rule.Decide(inbound, w.known, bill, k.Now)
	holds := func(ok bool, what string) {
		t.Helper()
		require.True(t, ok, "seed %d: %s\n%v\n%s", seed, what, w.story, told(d))
	}
	holds(slices.Contains(classes, d.Class), "the class is one of the list")
	holds(d.Class == d.After.Class, "the class is remembered")
	holds(cmp.Equal(bill.State(), d.After.State) && d.After.ReadTime.Equal(k.Now), "the state is remembered")
	before := 0
	if w.known != nil {
		before = w.known.Generation
	}
	holds(d.After.Generation == before || d.After.Generation == before+1, "a generation follows the one before")
	holds(d.NewGeneration == (d.After.Generation != before), "a new generation is told")
	holds(len(d.Orders) == 0 || bill.State().Voided(), "only a voided bill owes")
	holds((d.Class == rule.ClassLive) == bill.State().Live(), "live is live")

	switch {
	case bill.State().Live():
		made := bill
		made.Generation = d.After.Generation
		holds(d.Snapshot != nil && cmp.Equal(*d.Snapshot, made), "its snapshot is taken, with the life that it is of")
		holds(d.Withdraw && d.Restored, "nothing is owed any longer, and what was sent is a person's matter")
		holds(d.After.Generation > w.owed, "what is owed for this life is not what was owed before")
		w.lastLive, w.audits, w.restores, w.settled = &bill, k.Audits, k.Restores, w.owed
	case bill.State().Voided() && w.lastLive != nil:
		holds(d.Class == rule.ClassVoided && len(d.Orders) > 0 && d.Hold == "", "once seen live, a void owes")
		holds(d.After.Generation > w.settled, "it is owed anew for each life")
		if k.Audits == w.audits && k.Restores == w.restores {
			holds(d.OrdersFrom == rule.OrdersFromSnapshot &&
				d.Orders[0].Warehouse == w.lastLive.Lines["products"][0].Warehouse,
				"from the snapshot of the life it ended")
		}
		if d.OrdersFrom == rule.OrdersFromCurrent &&
			w.lastLive.Lines["products"][0].Warehouse != bill.Lines["products"][0].Warehouse {
			holds(len(d.Vanished) == 1 && d.Vanished[0].Warehouse == w.lastLive.Lines["products"][0].Warehouse,
				"the order of the last snapshot is not forgotten")
		}
	case !bill.State().Voided():
		holds(d.Withdraw && !d.Restored, "no trigger holds")
	}
	if d.Class == rule.ClassVoided {
		w.owed = d.After.Generation
	}

	again := rule.Decide(inbound, &d.After, bill, k.Now)
	holds(told(again) == told(rule.Decide(inbound, &again.After, bill, k.Now)) &&
		again.After.Generation == d.After.Generation, "the same read twice comes to the same")
	late := rule.Decide(inbound, &d.After, rule.Bill{ID: 7, DocumentStatus: rule.Audited, CancelStatus: rule.NotVoided},
		k.Now.Add(-time.Duration(1+r.IntN(1e6))))
	holds(cmp.Equal(late, rule.Decision{Class: rule.ClassStale}), "an older read changes nothing")
	after := d.After
	w.known = &after
}
