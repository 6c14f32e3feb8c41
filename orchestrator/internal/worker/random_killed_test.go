package worker

import (
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
)

// mortal is the ledger of a process that, once it is killed, writes no more.
type mortal struct {
	*rooms.All
	results *storedResults
	killed  context.Context //nolint:containedctx // says whether it is dead
}

func (m *mortal) StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error {
	if m.killed.Err() != nil {
		m.results.store(results, false)
		return nil
	}
	for i, r := range results {
		// Jitter would make every run another one.
		results[i].Next.Wait = time.Second << max(0, bits.Len64(uint64(r.Next.Wait/time.Second))-1)
	}
	err := m.All.StoreResults(ctx, results, bad)
	if err == nil {
		m.results.store(results, true)
	}
	return err
}

func (m *mortal) GiveBack(ctx context.Context, ids []int64) error {
	if m.killed.Err() != nil {
		return nil
	}
	return m.All.GiveBack(ctx, ids)
}

// asking is one attempt of a cancellation.
type asking struct {
	id      int64
	attempt int
}

// storedResults knows which answers are stored, or never will be.
type storedResults struct {
	mu     sync.Mutex
	change *sync.Cond
	// open are answers that were given; landed those that were stored.
	open   map[asking]bool
	landed map[asking]bool
}

func newStoredResults() *storedResults {
	s := &storedResults{open: map[asking]bool{}, landed: map[asking]bool{}}
	s.change = sync.NewCond(&s.mu)
	return s
}

func (s *storedResults) given(key asking) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[key] = true
}

func (s *storedResults) store(results []ledger.Result, landed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range results {
		key := asking{r.ID, r.Attempt}
		if s.open[key] {
			s.landed[key] = landed
		}
		delete(s.open, key)
	}
	s.change.Broadcast()
}

// wait until every answer that was given is stored, so that what follows follows in every run.
func (s *storedResults) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > 0 {
		s.change.Wait()
	}
}
