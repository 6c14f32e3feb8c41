package push

import (
	"context"
	"sync"
	"time"
)

// mayEvery is how soon a batch that is being sent hears of a stop or a pause. Its leases obey at once, because they
// read the rows; this is for attempts that have a lease and are not yet handed over.
const mayEvery = 250 * time.Millisecond

// halt ends the sending of one batch: no attempt gets a lease or is handed over any more, what was handed over
// finishes.
type halt struct {
	once sync.Once
	off  chan struct{}
}

func newHalt() *halt { return &halt{off: make(chan struct{})} }

func (h *halt) now() { h.once.Do(func() { close(h.off) }) }

func (h *halt) called() bool {
	select {
	case <-h.off:
		return true
	default:
		return false
	}
}

// follow asks until ctx ends whether sending is still allowed. A database that does not answer says nothing: leases
// need it too.
func (h *halt) follow(ctx context.Context, may func(context.Context) (bool, error)) {
	tick := time.NewTicker(mayEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if allowed, err := may(ctx); err == nil && !allowed {
			h.now()
			return
		}
	}
}
