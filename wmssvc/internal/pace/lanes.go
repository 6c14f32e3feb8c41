package pace

import "time"

// waiter is one place in the queue. It is gone once it was given an answer or gave up.
type waiter struct {
	turn   chan error
	before time.Time
	gone   bool
	// given is the turn that the channel announces.
	given Turn
}

type lane struct {
	warehouse string
	waiters   []*waiter
}

// lanes queue by warehouse: first come first served within one, turn by turn between them.
type lanes struct {
	ring    []*lane
	turn    int
	waiting int
}

func (l *lanes) push(warehouse string, w *waiter) {
	l.waiting++
	for _, known := range l.ring {
		if known.warehouse == warehouse {
			known.waiters = append(known.waiters, w)
			return
		}
	}
	l.ring = append(l.ring, &lane{warehouse: warehouse, waiters: []*waiter{w}})
}

// pop takes the next waiter; there must be one.
func (l *lanes) pop() *waiter {
	for {
		if l.turn >= len(l.ring) {
			l.turn = 0
		}
		lane := l.ring[l.turn]
		var w *waiter
		for len(lane.waiters) > 0 && w == nil {
			if first := lane.waiters[0]; !first.gone {
				w = first
			}
			lane.waiters[0] = nil
			lane.waiters = lane.waiters[1:]
		}
		if len(lane.waiters) == 0 {
			l.ring = append(l.ring[:l.turn], l.ring[l.turn+1:]...)
		} else {
			l.turn++
		}
		if w != nil {
			w.gone = true
			l.waiting--
			return w
		}
	}
}

// drop marks a waiter as gone; its place is swept by a later pop.
func (l *lanes) drop(w *waiter) {
	w.gone = true
	l.waiting--
	if l.waiting == 0 {
		l.ring, l.turn = nil, 0
	}
}

// each visits all who wait; the visitor may drop the one it is shown.
func (l *lanes) each(visit func(*waiter)) {
	for _, lane := range l.ring {
		for _, w := range lane.waiters {
			if !w.gone {
				visit(w)
			}
		}
	}
}
