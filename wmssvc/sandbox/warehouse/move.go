package warehouse

import (
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
)

// Move is what a person in the warehouse does to an order: approve it, start work on it, book goods, cancel it by hand.
type Move struct {
	Key
	To    State  `json:"state"`
	Force bool   `json:"force,omitempty"` // also out of 已完成 and 已取消, which no warehouse can do
	Note  string `json:"note,omitempty"`
}

// move carries it out. Cancelling an order that a request had caught at work ends that intercept: the effect is the
// request's. Any other move of such an order ends the intercept without effect.
func (b *Book) move(m Move, now time.Time) (Order, error) {
	if m.To == "" {
		return Order{}, fmt.Errorf("%w: state is required", behaviour.ErrInvalid)
	}
	s := b.shard(m.code())
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(m.Key)
	if e == nil || e.truth.Order == nil {
		return Order{}, fmt.Errorf("%w: %s", ErrNotFound, m.Key)
	}
	e.endDue(b, now)
	o := e.truth.Order
	switch {
	case o.Intercepting && m.To == StateCancelled:
		e.endIntercept(b, StateCancelled, now)
	case o.State.final() && o.State != m.To && !m.Force:
		return Order{}, fmt.Errorf("%w: %s is %s", ErrConflict, m.Key, o.State)
	default:
		if o.Intercepting {
			e.endIntercept(b, o.State, now)
		}
		if o.State != m.To {
			o.move(now, m.To, "warehouse", m.Note)
		}
	}
	b.journal.entry(e)
	return *e.truth.clone().Order, nil
}
