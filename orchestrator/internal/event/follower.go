package event

import (
	"context"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// askEvery is how often a follower asks for the newest event while somebody waits, and askWithin how long one answer
// may take.
const (
	askEvery  = 200 * time.Millisecond
	askWithin = 5 * time.Second
)

// follower tells all who watch in a process that there are new events, by one small question for all of them together;
// while nobody waits it asks nothing.
type follower struct {
	ask func(ctx context.Context) (ledger.Identity, error)

	mu sync.Mutex
	// waiting is how many wait, asking whether somebody asks for them.
	waiting int
	asking  bool
	// told is closed and made anew with each answer that has news, and with each fault.
	told   chan struct{}
	newest Token
	err    error
}

// wait waits until the newest event is another than the one that a token stands behind, and answers what came first:
// news, a fault, or the end of ctx.
func (f *follower) wait(ctx context.Context, from Token) error {
	f.mu.Lock()
	f.waiting++
	if !f.asking {
		// What was found before somebody waited is old by now.
		f.asking, f.newest, f.err = true, Token{}, nil
		go f.follow() //nolint:gosec // all who wait share it, so it outlives each of them
	}
	defer func() {
		f.mu.Lock()
		f.waiting--
		f.mu.Unlock()
	}()
	for {
		told, newest, err := f.told, f.newest, f.err
		f.mu.Unlock()
		if err != nil || newest != (Token{}) && newest != from {
			return err
		}
		select {
		case <-told:
		case <-ctx.Done():
			return ctx.Err()
		}
		f.mu.Lock()
	}
}

// follow asks until nobody waits any more.
func (f *follower) follow() {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		identity, err := f.ask(ctx)
		cancel()
		if !f.tell(identity, err) {
			return
		}
		<-tick.C
	}
}

// tell passes on what the ledger answered, and says whether somebody still waits.
func (f *follower) tell(identity ledger.Identity, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if newest := Newest(identity); err != nil || newest != f.newest {
		f.newest, f.err = newest, err
		close(f.told)
		f.told = make(chan struct{})
	}
	f.asking = f.waiting > 0
	return f.asking
}
