package kingdee

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const page = "<html>maintenance</html>"

func TestTheCircuitOpensHalfOpensAndCloses(t *testing.T) {
	answers := []string{}
	for range circuitFailures + 3 {
		answers = append(answers, page)
	}
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: append(answers, `[]`)})
	for range circuitFailures {
		require.Equal(t, CircuitClosed, f.client.Stats().Circuit)
		_, err := f.query(t)
		require.Equal(t, Unreadable, ClassOf(err))
	}
	for i, pause := range []time.Duration{circuitFirst, 2 * circuitFirst} {
		require.Equal(t, CircuitOpen, f.client.Stats().Circuit)
		asked := f.count("ExecuteBillQuery")
		_, err := f.query(t)
		fault, _ := asFault(err)
		require.True(t, fault.NotSent)
		require.Equal(t, Unreachable, fault.Class)
		require.Equal(t, pause, fault.RetryAfter)
		require.Equal(t, asked, f.count("ExecuteBillQuery"), "nothing is sent")
		f.now = f.now.Add(pause)
		_, err = f.query(t)
		require.Equal(t, Unreadable, ClassOf(err), "one call is let through")
		require.Equal(t, asked+1+i,
			f.count("ExecuteBillQuery"), "a page that lasts is asked about with a new login, too")
	}
	f.now = f.now.Add(circuitLongest)
	_, err := f.query(t)
	require.NoError(t, err)
	require.Equal(t, CircuitClosed, f.client.Stats().Circuit)
}

func TestOneTrialAtATimeAndOneThatIsAbandonedDecidesNothing(t *testing.T) {
	now := time.Unix(0, 0)
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	c := f.client.circuit
	c.now = func() time.Time { return now }
	silence := &Fault{Class: Unreachable, Code: NoCode}
	for range circuitFailures {
		c.leave(false, silence)
	}
	now = now.Add(circuitFirst)
	trial, refused := c.enter()
	require.Nil(t, refused)
	require.True(t, trial)
	require.Equal(t, CircuitHalfOpen, c.current())
	_, refused = c.enter()
	require.NotNil(t, refused, "a second one waits for the first")
	c.leave(true, context.Canceled)
	trial, refused = c.enter()
	require.True(t, trial)
	require.Nil(t, refused)
	c.leave(trial, nil)
	require.Equal(t, CircuitClosed, c.current())
}

func TestAProbeThatHangsCountsAsSilence(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{`[]`}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range circuitFailures + 2 {
		require.Equal(t, Unreachable, ClassOf(f.client.Probe(t.Context(), "F", -time.Second)))
		_ = f.client.Probe(gone, "F", time.Second) // who is told to stop says nothing about the vendor
	}
	require.Equal(t, CircuitOpen, f.client.Stats().Circuit)
	f.now = f.now.Add(circuitFirst)
	require.Equal(t, Unreachable, ClassOf(f.client.Probe(t.Context(), "F", -time.Second)))
	fault, _ := asFault(func() error { _, err := f.query(t); return err }())
	require.Equal(t, 2*circuitFirst, fault.RetryAfter, "the trial failed as well")
}

func TestWhatTheQueryItselfMayBeToBlameForOpensNothing(t *testing.T) {
	for _, answer := range []string{coded("4"), coded("2"), `[[1,2],[3`, ``, `17`} {
		f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{answer}})
		for range circuitFailures + 1 {
			_, err := f.query(t)
			require.Error(t, err)
		}
		require.Equal(t, CircuitClosed, f.client.Stats().Circuit, answer)
	}
}

func TestACallRestrictionHoldsEverybodyBack(t *testing.T) {
	f := setup(t, &vendor{logins: []string{goodLogin}, answers: []string{
		coded("14"), coded("14"), coded("14"), coded("14"), coded("14"), coded("14"), `[]`,
	}})
	_, err := f.query(t)
	fault, _ := asFault(err)
	require.Equal(t, Throttled, fault.Class)
	require.Equal(t, throttleFirst, fault.RetryAfter)
	f.pauses = nil
	_, err = f.query(t)
	require.Error(t, err)
	require.Equal(t, throttleFirst, f.pauses[0], "the next caller waits first")
	fault, _ = asFault(err)
	require.Equal(t, 2*throttleFirst, fault.RetryAfter, "longer each time")
	asked := f.count("ExecuteBillQuery")
	hurried, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Minute))
	defer cancel()
	f.client.now = func() time.Time { return time.Now().Add(time.Minute - time.Second) }
	f.client.throttle.now = func() time.Time { return f.now }
	_, err = f.client.Ping(hurried, "F")
	fault, _ = asFault(err)
	require.Equal(t, 2*throttleFirst, fault.RetryAfter, "who cannot wait so long is told at once")
	require.Equal(t, asked, f.count("ExecuteBillQuery"))
	f.client.now = func() time.Time { return f.now }
	f.now = f.now.Add(time.Minute)
	f.pauses = nil
	_, err = f.query(t)
	require.NoError(t, err)
	require.Empty(t, f.pauses)
}
