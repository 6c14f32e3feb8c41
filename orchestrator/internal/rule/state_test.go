package rule_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// walk calls visit for every state, the one before there is a cancellation among them, and every event.
func walk(visit func(from rule.CancellationState, e rule.Event, to rule.CancellationState, moves bool)) {
	for _, from := range append(rule.States(), rule.NoCancellation) {
		for _, t := range rule.Transitions() {
			to, moves := from.On(t.Event)
			visit(from, t.Event, to, moves)
		}
	}
}

func TestEveryStateTakesAnEventOrStaysAsItIs(t *testing.T) {
	t.Parallel()
	seen := map[rule.Event]bool{}
	for _, transition := range rule.Transitions() {
		require.False(t, seen[transition.Event], "%s stands twice", transition.Event)
		seen[transition.Event] = true
		require.NotEmpty(t, transition.From, transition.Event)
		require.Contains(t, rule.States(), transition.To, transition.Event)
		for i, from := range transition.From {
			require.NotContains(t, transition.From[:i], from, transition.Event)
		}
	}
	walk(func(from rule.CancellationState, e rule.Event, to rule.CancellationState, moves bool) {
		i := slices.IndexFunc(rule.Transitions(), func(t rule.Transition) bool { return t.Event == e })
		transition := rule.Transitions()[i]
		require.Equal(t, slices.Contains(transition.From, from), moves, "%s in %q", e, from)
		if moves {
			require.Equal(t, transition.To, to, "%s in %q", e, from)
		} else {
			require.Equal(t, from, to, "%s in %q", e, from)
		}
	})
	for _, from := range rule.States() {
		to, moves := from.On("no such event")
		require.False(t, moves)
		require.Equal(t, from, to)
	}
}

// What is sent is decided by a run or by a person, nothing that has ended is sent again without one of them, and what
// is owed can always end.
func TestWhatTheStatesOfACancellationPromise(t *testing.T) {
	t.Parallel()
	byPerson := []rule.Event{
		rule.EventRetried, rule.EventReleased, rule.EventIgnored, rule.EventMarkedDone, rule.EventSetToSend,
		rule.EventMeansWaits, rule.EventMeansDone, rule.EventMeansAsks, rule.EventMeansCloses,
	}
	ends := map[rule.CancellationState]bool{rule.Done: true, rule.Withdrawn: true, rule.DryRun: true, rule.Closed: true}
	reached := map[rule.CancellationState]bool{}
	endable := map[rule.CancellationState]bool{}
	walk(func(from rule.CancellationState, e rule.Event, to rule.CancellationState, moves bool) {
		if !moves {
			return
		}
		reached[to] = true
		endable[from] = endable[from] || ends[to]
		if to == rule.Open && from != rule.Open && from != rule.Planned {
			require.Contains(t, byPerson, e, "only a person opens what is %s", from)
		}
		if from == rule.Done {
			require.Equal(t, rule.EventRetried, e, "only a person asks again for what is done")
		}
		if from == rule.Closed {
			require.Contains(t, byPerson, e, "only a person takes up again what is closed")
		}
		if from == rule.NoCancellation {
			require.Equal(t, rule.Planned, to, "a run plans it first")
		}
		if from == rule.Planned {
			verbs := []rule.Event{rule.EventReleased, rule.EventRetried, rule.EventIgnored, rule.EventMarkedDone}
			require.NotContains(t, verbs, e, "what a run has planned waits for that run")
		}
	})
	for _, state := range rule.States() {
		require.True(t, reached[state], "nothing leads to %s", state)
		require.True(t, ends[state] || endable[state], "%s never ends", state)
	}
}
