// Package pace decides when the next request to one WMS account may start: a number in flight, a rate, turns between
// warehouses, and a pause when the WMS asks for one.
//
// It promises that a waiter is let through, or told why not, by its own deadline, that one warehouse with many orders
// does not starve another with few, and that after a pause one turn alone is given until its holder has shown that the
// WMS takes requests again. It keeps real time itself; its tests run on the clock of testing/synctest.
package pace

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrStopped is what waiters get when the service stops.
var ErrStopped = errors.New("the service is stopping")

// LateError reports that the request cannot start before its deadline.
type LateError struct {
	// RetryAfter is how long the account is known to be busy or paused from now on; zero when that is not known.
	RetryAfter time.Duration
	// Paused says that the WMS asked to be left alone.
	Paused bool
}

func (e *LateError) Error() string {
	if e.Paused {
		return "the WMS asked to be left alone for " + e.RetryAfter.Round(time.Second).String() + " more"
	}
	return "send_before passed while waiting for a turn"
}

// Limits are an account's pace.
type Limits struct {
	// InFlight is how many requests may be under way at once; at least 1.
	InFlight int
	// PerSecond is how many may start each second, evenly spaced; 0 = no limit.
	PerSecond float64
}

// Turn is leave to make a request. Proof says that it is the first after a pause: no other turn is given until Proved,
// or until it is given back and another has a try.
type Turn struct{ Proof bool }

// proof is where the account stands after a pause.
type proof int

const (
	proven proof = iota
	// wanted: the next turn is the proof.
	wanted
	// tried: it was given.
	tried
)

// Gate is safe for concurrent use.
type Gate struct {
	mu       sync.Mutex
	limits   Limits
	recovery recovery
	proof    proof
	inFlight int
	// next is when the rate lets the next request start.
	next    time.Time
	lanes   lanes
	timer   *time.Timer
	stopped bool
}

// NewGate opens a gate.
func NewGate(limits Limits) *Gate { return &Gate{limits: limits} }

// SetLimits changes the pace from now on.
func (g *Gate) SetLimits(limits Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = limits
	if limits.PerSecond == 0 {
		g.next = time.Time{}
	}
	g.dispatch()
}

// Limits answers the present pace, a throttled account's slower one included.
func (g *Gate) Limits() Limits {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Limits{InFlight: g.limits.InFlight, PerSecond: g.recovery.rate(time.Now(), g.limits.PerSecond)}
}

// Enter waits for a turn. Without an error the caller must Leave once its request is over; any error says that it has
// no turn: *LateError, ErrStopped, or the context's.
func (g *Gate) Enter(ctx context.Context, warehouse string, before time.Time) (Turn, error) {
	g.mu.Lock()
	w, turn, err := g.enterNow(warehouse, before)
	g.mu.Unlock()
	if w == nil {
		return turn, err
	}
	late := time.NewTimer(time.Until(before))
	defer late.Stop()
	select {
	case err := <-w.turn:
		return w.given, err
	case <-late.C:
		return Turn{}, g.abandon(w, &LateError{})
	case <-ctx.Done():
		return Turn{}, g.abandon(w, ctx.Err())
	}
}

// enterNow decides at once where that is possible; otherwise it answers a place in the queue.
func (g *Gate) enterNow(warehouse string, before time.Time) (*waiter, Turn, error) {
	if g.stopped {
		return nil, Turn{}, ErrStopped
	}
	now := time.Now()
	if err := g.recovery.refuses(now, before); err != nil {
		return nil, Turn{}, err
	}
	if now.After(before) {
		return nil, Turn{}, &LateError{}
	}
	if g.lanes.waiting == 0 && g.room() && !g.startsAt(now).After(now) {
		return nil, g.start(now), nil
	}
	w := &waiter{turn: make(chan error, 1), before: before}
	g.lanes.push(warehouse, w)
	g.dispatch()
	return w, Turn{}, nil
}

// room says whether another turn may be given, but for the time.
func (g *Gate) room() bool { return g.inFlight < g.limits.InFlight && g.proof != tried }

// abandon leaves the queue; a turn that was given meanwhile is handed on.
func (g *Gate) abandon(w *waiter, reason error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.gone {
		if err := <-w.turn; err != nil {
			return err
		}
		g.giveBack(w.given)
		return reason
	}
	g.lanes.drop(w)
	return reason
}

// Leave gives the place back.
func (g *Gate) Leave(turn Turn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.giveBack(turn)
}

func (g *Gate) giveBack(turn Turn) {
	g.inFlight--
	if turn.Proof && g.proof == tried {
		g.proof = wanted
	}
	g.dispatch()
}

// Proved says that the WMS takes requests again after a pause: turns are given as usual.
func (g *Gate) Proved() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proof = proven
	g.dispatch()
}

// SlowDown leaves the account alone for d and lets it recover gradually afterwards; where d is 0 because nobody said
// for how long, for 5 s, and twice as long each time up to 5 min. A request that left before the last pause ended
// says nothing new of that. It answers how long the pause lasts from now. Waiters that cannot wait that long are
// told at once.
func (g *Gate) SlowDown(d time.Duration, left time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.recovery.begin(now, d, left)
	g.proof = wanted
	g.lanes.each(func(w *waiter) {
		if err := g.recovery.refuses(now, w.before); err != nil {
			g.lanes.drop(w)
			w.turn <- err
		}
	})
	g.dispatch()
	return g.recovery.until.Sub(now)
}

// Stop turns all waiters away and lets nobody in any more. What is in flight goes on.
func (g *Gate) Stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	if g.timer != nil {
		g.timer.Stop()
	}
	g.lanes.each(func(w *waiter) {
		g.lanes.drop(w)
		w.turn <- ErrStopped
	})
}

// dispatch gives turns while there are places, rate and waiters; when only time is missing it comes back then.
func (g *Gate) dispatch() {
	for !g.stopped && g.lanes.waiting > 0 && g.room() {
		now := time.Now()
		if at := g.startsAt(now); at.After(now) {
			g.wakeAt(at.Sub(now))
			return
		}
		w := g.lanes.pop()
		w.given = g.start(now)
		w.turn <- nil
	}
}

func (g *Gate) wakeAt(in time.Duration) {
	if g.timer == nil {
		g.timer = time.AfterFunc(in, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.dispatch()
		})
		return
	}
	g.timer.Reset(in)
}

func (g *Gate) startsAt(now time.Time) time.Time {
	at := g.next
	if g.recovery.until.After(at) {
		at = g.recovery.until
	}
	if at.Before(now) {
		at = now
	}
	return at
}

func (g *Gate) start(now time.Time) Turn {
	g.inFlight++
	if rate := g.recovery.rate(now, g.limits.PerSecond); rate > 0 {
		g.next = now.Add(time.Duration(float64(time.Second) / rate))
	}
	if g.proof != wanted {
		return Turn{}
	}
	g.proof = tried
	return Turn{Proof: true}
}
