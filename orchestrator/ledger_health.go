package orchestrator

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

const (
	// checkEvery is how often the ledger is checked, checkWithin how long that may take.
	checkEvery  = 2 * time.Second
	checkWithin = 3 * time.Second
)

// ledgerHealth keeps health true, and tells when the ledger goes and comes back, once each: without a ledger that takes
// what is written an orchestrator serves nobody.
type ledgerHealth struct {
	mu sync.Mutex
	// away is since when the ledger cannot be used, zero while it can; back is when it last came back.
	away, back time.Time
}

// awaySince says whether the ledger could not be used at some moment since then.
func (w *ledgerHealth) awaySince(then time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.away.IsZero() || w.back.After(then)
}

// found notes how the ledger is and answers for how long it was away, when it has just gone (zero) or come back.
func (w *ledgerHealth) found(usable bool, now time.Time) (changed bool, away time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !usable && w.away.IsZero():
		w.away = now
		return true, 0
	case usable && !w.away.IsZero():
		away = now.Sub(w.away)
		w.away, w.back = time.Time{}, now
		return true, away
	}
	return false, 0
}

// followLedger looks at the ledger until the server stops.
func (s *Server) followLedger(pool *pgxpool.Pool) {
	s.Go(func() error {
		tick := time.NewTicker(checkEvery)
		defer tick.Stop()
		for {
			select {
			case <-s.Stopping():
				return nil
			case <-tick.C:
			}
			ctx, cancel := context.WithTimeout(context.Background(), checkWithin)
			err := ledger.Usable(ctx, pool)
			cancel()
			changed, away := s.ledger.found(err == nil, time.Now())
			switch {
			case changed && err != nil:
				s.logger.Error("the ledger cannot be used: nothing is read, decided or sent until it can",
					slog.Any("err", err))
			case changed:
				s.logger.Info("the ledger can be used again", slog.Duration("away", away))
			}
			s.grpc.SetHealth(err == nil)
		}
	})
}
