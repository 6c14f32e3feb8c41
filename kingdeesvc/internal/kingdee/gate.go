package kingdee

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Flow is the work of one caller: a poll, a verification, a long backfill. The gate is fair between flows.
type Flow struct{ served atomic.Int64 }

type flowKey struct{}

// WithFlow makes every call under ctx part of one flow. A call outside any flow is one by itself.
func WithFlow(ctx context.Context) context.Context { return context.WithValue(ctx, flowKey{}, &Flow{}) }

func flowOf(ctx context.Context) *Flow {
	if flow, ok := ctx.Value(flowKey{}).(*Flow); ok {
		return flow
	}
	return &Flow{}
}

const (
	// shortFlow is how many requests a flow may have had and still go before the long ones.
	shortFlow = 4
	// mostBypasses is how many short requests may go before a long one that waits, so that it never starves.
	mostBypasses = 8
	// longestBypass is after which time a long one that waits lets only one more go before it. Where each answer takes
	// 7 s, eight bypasses are a minute for each request: a baseline beside polls did not end in a quarter of an hour.
	longestBypass = 5 * time.Second
)

// gate hands out sessions at the pace that the settings allow. A request waits for the ones already sent and for the
// pace; of those that wait, short flows go first, so that a poll or a verification waits for one page of a backfill and
// not for all of it. Where the vendor is slow, short ones and long ones take turns.
type gate struct {
	limiter *rate.Limiter

	mu sync.Mutex
	// free are the idle sessions, the last used one at the end: it is taken first, so that others are opened only
	// when needed.
	free     []*session
	waiting  []*waiter
	bypassed int
	// wake runs pump when the pace allows the next request.
	wake *time.Timer
}

type waiter struct {
	flow  *Flow
	since time.Time
	ready chan *session
}

func newGate(limiter *rate.Limiter, sessions int) *gate {
	g := &gate{limiter: limiter}
	for range max(sessions, 1) {
		g.free = append(g.free, &session{})
	}
	return g
}

// enter waits for a session and a place in the pace; leave gives the session back.
func (g *gate) enter(ctx context.Context, flow *Flow) (*session, error) {
	w := &waiter{flow, time.Now(), make(chan *session, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	g.pump()
	g.mu.Unlock()
	select {
	case s := <-w.ready:
		if ctx.Err() == nil {
			return s, nil
		}
		w.ready <- s
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := slices.Index(g.waiting, w); at >= 0 {
		paced := len(g.free) > 0
		g.waiting = slices.Delete(g.waiting, at, at+1)
		if paced && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return nil, errPace()
		}
	} else {
		g.free = append(g.free, <-w.ready)
		g.pump()
	}
	return nil, fmt.Errorf("kingdee: waiting for a session: %w", context.Cause(ctx))
}

func (g *gate) leave(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = append(g.free, s)
	g.pump()
}

// pump serves as many waiters as sessions and pace allow. The caller holds mu.
func (g *gate) pump() {
	for len(g.free) > 0 && len(g.waiting) > 0 {
		if !g.limiter.Allow() {
			g.wakeLater()
			return
		}
		w := g.next()
		w.flow.served.Add(1)
		last := len(g.free) - 1
		w.ready <- g.free[last]
		g.free = g.free[:last]
	}
}

func (g *gate) wakeLater() {
	if g.wake != nil {
		return
	}
	reservation := g.limiter.Reserve()
	delay := reservation.Delay()
	reservation.Cancel()
	g.wake = time.AfterFunc(delay, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.wake = nil
		g.pump()
	})
}

// next takes the waiter whose turn it is: the first of a short flow, the first of all when none is short or long ones
// have waited for enough of them, or for one of them and long enough.
func (g *gate) next() *waiter {
	at := slices.IndexFunc(g.waiting, func(w *waiter) bool { return w.flow.served.Load() < shortFlow })
	long := slices.IndexFunc(g.waiting, func(w *waiter) bool { return w.flow.served.Load() >= shortFlow })
	switch {
	case at < 0, long >= 0 && (g.bypassed >= mostBypasses || g.bypassed > 0 && g.waiting[long].late()):
		at, g.bypassed = long, 0
	case long >= 0:
		g.bypassed++
	}
	w := g.waiting[at]
	g.waiting = slices.Delete(g.waiting, at, at+1)
	return w
}

// late says whether it has waited so long that only one more may go before it.
func (w *waiter) late() bool { return time.Since(w.since) >= longestBypass }

// close ends the waiting for the pace and takes the idle sessions away for good.
func (g *gate) close() []*session {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wake != nil {
		g.wake.Stop()
	}
	idle := g.free
	g.free = nil
	return idle
}

func (g *gate) queued() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}
