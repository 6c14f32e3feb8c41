package jobs

import (
	"context"
	"log/slog"
	"time"

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

// A group that could not be written is written again after firstPause, then after twice as long each time, writePause at most.
const (
	firstPause = 100 * time.Millisecond
	writePause = 2 * time.Second
)

// recorder writes results in groups: as soon as groupRows are there, or groupWait after the first.
type recorder struct {
	store  resultStore
	logger *slog.Logger
	in     chan ledger.Result
	done   chan struct{}
	err    error
}

// newRecorder starts writing; close ends it. Writing outlives the caller's context and a database that is away for a while, because
// an answer that is known must not be lost; it ends when the claims that began with it run out.
func newRecorder(ctx context.Context, store resultStore, logger *slog.Logger) *recorder {
	r := &recorder{store: store, logger: logger, in: make(chan ledger.Result, groupRows), done: make(chan struct{})}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimHold)
	go func() {
		defer cancel()
		r.loop(limited)
	}()
	return r
}

func (r *recorder) add(result ledger.Result) { r.in <- result }

// close writes the rest and answers the first fault. Attempts whose result could not be written become unknown when their claim
// runs out.
func (r *recorder) close() error {
	close(r.in)
	<-r.done
	return r.err
}

func (r *recorder) loop(ctx context.Context) {
	defer close(r.done)
	group := make([]ledger.Result, 0, groupRows)
	timer := time.NewTimer(groupWait)
	for first := range r.in {
		group = append(group[:0], first)
		timer.Reset(groupWait)
		for open := true; open && len(group) < groupRows; {
			select {
			case result, more := <-r.in:
				if open = more; more {
					group = append(group, result)
				}
			case <-timer.C:
				open = false
			}
		}
		r.flush(ctx, group)
	}
}

// flush writes a group, again and again until it is written or the claims have run out.
func (r *recorder) flush(ctx context.Context, group []ledger.Result) {
	for pause := firstPause; ; pause = min(2*pause, writePause) {
		err := r.write(ctx, group)
		if err == nil {
			return
		}
		r.logger.WarnContext(ctx, "results not stored yet", slog.Int("results", len(group)), slog.Any("err", err))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			r.logger.ErrorContext(ctx, "results not stored", slog.Int("results", len(group)), slog.Any("err", err))
			if r.err == nil {
				r.err = err
			}
			return
		}
	}
}

func (r *recorder) write(ctx context.Context, group []ledger.Result) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return r.store.StoreResults(ctx, group, refusedResult(ctx, r.logger))
}
