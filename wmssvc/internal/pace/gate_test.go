package pace

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// far is a deadline that does not matter.
func far() time.Time { return time.Now().Add(time.Hour) }

func entered(_ Turn, err error) error { return err }

// enter asks for a turn in the background; the channel gets the outcome.
func enter(ctx context.Context, g *Gate, warehouse string, before time.Time) <-chan error {
	out := make(chan error, 1)
	go func() { out <- entered(g.Enter(ctx, warehouse, before)) }()
	synctest.Wait()
	return out
}

func TestPlacesAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 2})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		third := enter(t.Context(), g, "A", far())
		require.Empty(t, third)
		g.Leave(Turn{})
		require.NoError(t, <-third)
	})
}

func TestRateSpacesStartsEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 100, PerSecond: 10})
		began := time.Now()
		for range 11 {
			require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		}
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestWarehousesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 1})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		order := make(chan string, 10)
		for _, warehouse := range []string{"A", "A", "A", "B", "C", "A"} {
			go func() {
				if entered(g.Enter(t.Context(), warehouse, far())) == nil {
					order <- warehouse
				}
			}()
			synctest.Wait()
		}
		var got []string
		for range 6 {
			g.Leave(Turn{})
			got = append(got, <-order)
		}
		require.Equal(t, []string{"A", "B", "C", "A", "A", "A"}, got)
	})
}

func TestWhoCannotWaitIsToldInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 1})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		began := time.Now()
		var late *LateError
		require.ErrorAs(t, entered(g.Enter(t.Context(), "A", time.Now().Add(3*time.Second))), &late)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.False(t, late.Paused)
		require.ErrorAs(t, entered(g.Enter(t.Context(), "A", time.Now().Add(-time.Nanosecond))), &late)

		ctx, cancel := context.WithCancel(t.Context())
		waiting := enter(ctx, g, "A", far())
		cancel()
		require.ErrorIs(t, <-waiting, context.Canceled)
		g.Leave(Turn{})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())), "those who left hold no place")
	})
}

func TestPauseAndGradualWayBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 100, PerSecond: 40})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		waiting := enter(t.Context(), g, "A", time.Now().Add(time.Second))
		g.SlowDown(time.Minute, time.Now())
		late := &LateError{}
		require.ErrorAs(t, <-waiting, &late, "told at once, since it cannot wait that long")
		require.ErrorAs(t, entered(g.Enter(t.Context(), "A", time.Now().Add(30*time.Second))), &late)
		require.True(t, late.Paused)
		require.Equal(t, time.Minute, late.RetryAfter)

		began := time.Now()
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		require.Equal(t, time.Minute, time.Since(began))
		require.InDelta(t, 10, g.Limits().PerSecond, 0)
		time.Sleep(10 * time.Second)
		require.InDelta(t, 20, g.Limits().PerSecond, 0)
		time.Sleep(10 * time.Second)
		require.InDelta(t, 40, g.Limits().PerSecond, 0)
	})
}

func TestUnlimitedAccountRecoversToUnlimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 64})
		g.SlowDown(time.Second, time.Now())
		require.InDelta(t, 1, g.Limits().PerSecond, 0)
		time.Sleep(time.Second + 30*time.Second)
		require.InDelta(t, 8, g.Limits().PerSecond, 0)
		time.Sleep(time.Minute)
		require.Zero(t, g.Limits().PerSecond)
	})
}

func TestWideningLetsWaitersIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 1, PerSecond: 1})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		waiting := enter(t.Context(), g, "A", far())
		began := time.Now()
		g.SetLimits(Limits{InFlight: 64})
		require.NoError(t, <-waiting)
		require.Zero(t, time.Since(began))
	})
}

func TestStopTurnsWaitersAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 1})
		require.NoError(t, entered(g.Enter(t.Context(), "A", far())))
		waiting := enter(t.Context(), g, "A", far())
		g.Stop()
		require.ErrorIs(t, <-waiting, ErrStopped)
		require.ErrorIs(t, entered(g.Enter(t.Context(), "A", far())), ErrStopped)
		g.Leave(Turn{})
	})
}

// A WMS that does not say for how long: 5 s, 10 s … 5 min, and from the beginning once the account is what it was.
func TestThePauseGrowsUntilTheAccountRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 8, PerSecond: 10})
		for _, want := range []int{5, 10, 20, 40, 80, 160, 300, 300} {
			turn, err := g.Enter(t.Context(), "A", far())
			require.NoError(t, err)
			left := time.Now()
			pause := g.SlowDown(0, left)
			require.Equal(t, time.Duration(want)*time.Second, pause)
			time.Sleep(time.Second)
			require.Equal(t, pause-time.Second, g.SlowDown(0, left), "what was in flight beside it tells nothing new")
			g.Leave(turn)
			time.Sleep(pause - time.Second)
		}
		time.Sleep(time.Minute)
		require.InDelta(t, 10, g.Limits().PerSecond, 0)
		require.Equal(t, 5*time.Second, g.SlowDown(0, time.Now()))
		require.Equal(t, time.Second,
			NewGate(Limits{InFlight: 1}).SlowDown(time.Second, time.Now()), "it said so itself")
	})
}

// After a pause one goes first; the others follow when it has shown that requests are taken again, or the
// next one tries.
func TestOneGoesFirstAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{InFlight: 8})
		g.SlowDown(time.Second, time.Now())
		first, err := g.Enter(t.Context(), "A", far())
		require.NoError(t, err)
		require.True(t, first.Proof)
		second, third := enter(t.Context(), g, "A", far()), enter(t.Context(), g, "B", far())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, second)
		g.Leave(first)
		require.NoError(t, <-second, "the first proved nothing, so the second tries")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, third)
		g.Proved()
		require.NoError(t, <-third)
	})
}
