package event

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// numberEvery is how often a host looks for events without a number, and numberWithin how long one group may take.
	numberEvery  = 200 * time.Millisecond
	numberWithin = 10 * time.Second
)

// Sequencer numbers events. Each host has one. The database lets one at a time number a group, and nobody holds that
// right between two groups: when a host is gone the others have long begun.
type Sequencer struct {
	pool   *pgxpool.Pool
	logger *slog.Logger
}

// NewSequencer numbers through a pool that ledger.Open made.
func NewSequencer(pool *pgxpool.Pool, logger *slog.Logger) *Sequencer {
	return &Sequencer{pool: pool, logger: logger}
}

// Run numbers events until stopping is closed. While there are none it asks one small question five times a second.
func (s *Sequencer) Run(stopping <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-stopping:
			cancel()
		case <-ended:
		}
	}()
	tick := time.NewTicker(numberEvery)
	defer tick.Stop()
	for quiet := false; ; {
		select {
		case <-stopping:
			return
		case <-tick.C:
		}
		err := s.all(ctx)
		if err != nil && !quiet && ctx.Err() == nil {
			// Once for each time that the database is away.
			s.logger.WarnContext(ctx, "events are not numbered", slog.Any("err", err))
		}
		quiet = err != nil
	}
}

// all numbers group after group until none is full.
func (s *Sequencer) all(ctx context.Context) error {
	for full := true; full; {
		within, cancel := context.WithTimeout(ctx, numberWithin)
		numbered, err := ledger.NumberEvents(within, s.pool)
		cancel()
		if err != nil {
			return err
		}
		full = numbered == ledger.EventGroup
	}
	return nil
}
