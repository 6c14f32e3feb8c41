package push

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// resultStore writes results.
type resultStore interface {
	StoreResults(ctx context.Context, results []ledger.Result, bad func(ledger.Result, error)) error
}

// Groups of results.
const (
	groupRows = 1000
	groupWait = 5 * time.Millisecond
)

// A group that could not be written is written again after firstPause, then after twice as long each time, writePause
// at most.
const (
	firstPause = 100 * time.Millisecond
	writePause = 2 * time.Second
)

// Recorder writes the results of all batches of a process, in groups that they share: as soon as groupRows are there,
// or groupWait after the first. It works while there is something to write, and needs no end.
type Recorder struct {
	store  resultStore
	logger *slog.Logger

	mu      sync.Mutex
	waiting []recorded
	writing bool
	// full has an entry when a whole group waits.
	full chan struct{}
}

// NewRecorder is one for all batches of a process.
func NewRecorder(store resultStore, logger *slog.Logger) *Recorder {
	return &Recorder{store: store, logger: logger, full: make(chan struct{}, 1)}
}

// records are the results of one batch on their way to the ledger.
type records struct {
	recorder *Recorder
	// until is when the leases that began with it have run out: nothing is written later.
	until time.Time
	open  sync.WaitGroup
	mu    sync.Mutex
	err   error
}

type recorded struct {
	ledger.Result
	of *records
}

// begin opens the records of a batch. Writing outlives its context and a database that is away for a while, because an
// answer that is known must not be lost; it ends when the leases that begin now run out.
func (r *Recorder) begin() *records {
	return &records{recorder: r, until: time.Now().Add(LeaseHold)}
}

func (s *records) add(result ledger.Result) {
	s.open.Add(1)
	r := s.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, recorded{result, s})
	if !r.writing {
		r.writing = true
		go r.run()
	}
	if len(r.waiting) >= groupRows {
		select {
		case r.full <- struct{}{}:
		default:
		}
	}
}

// close waits until all of them are written and answers the first fault. Attempts whose result could not be written
// become unknown when their lease runs out.
func (s *records) close() error {
	s.open.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// finish ends one of them.
func (s *records) finish(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.open.Done()
}

// run writes group after group until nothing waits.
func (r *Recorder) run() {
	for more := true; more; {
		select {
		case <-time.After(groupWait):
		case <-r.full:
		}
		r.mu.Lock()
		n := min(len(r.waiting), groupRows)
		group := r.waiting[:n:n]
		r.waiting = r.waiting[n:]
		r.mu.Unlock()
		r.flush(group)
		r.mu.Lock()
		more = len(r.waiting) > 0
		r.writing = more
		r.mu.Unlock()
	}
}

// flush writes a group, again and again until it is written; those whose leases have run out meanwhile are let go.
func (r *Recorder) flush(group []recorded) {
	for pause := firstPause; len(group) > 0; pause = min(2*pause, writePause) {
		err := r.write(group)
		if err == nil {
			crashpoint.Here(crashpoint.AfterOutcome)
			for _, g := range group {
				g.of.finish(nil)
			}
			return
		}
		r.logger.Warn("results not stored yet", slog.Int("results", len(group)), slog.Any("err", err))
		for _, g := range group {
			pause = min(pause, max(0, time.Until(g.of.until)))
		}
		<-time.After(pause) // at most until the leases run out
		group = r.drop(group, err)
	}
}

// drop lets go of those whose leases have run out.
func (r *Recorder) drop(group []recorded, err error) []recorded {
	before := len(group)
	group = slices.DeleteFunc(group, func(g recorded) bool {
		over := !time.Now().Before(g.of.until)
		if over {
			g.of.finish(err)
		}
		return over
	})
	if lost := before - len(group); lost > 0 {
		r.logger.Error("results not stored", slog.Int("results", lost), slog.Any("err", err))
	}
	return group
}

func (r *Recorder) write(group []recorded) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	results := make([]ledger.Result, len(group))
	for i, g := range group {
		results[i] = g.Result
	}
	return r.store.StoreResults(ctx, results, refusedResult(ctx, r.logger))
}
