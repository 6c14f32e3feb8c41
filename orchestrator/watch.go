package orchestrator

import (
	"context"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
)

const (
	// lookEvery is how often the ledger is looked at, lookWithin how long that may take.
	lookEvery  = 2 * time.Second
	lookWithin = 3 * time.Second
)

// watchLedger keeps health true, and tells when it changes: without a ledger that takes what is written an orchestrator serves
// nobody.
func (s *Server) watchLedger(books *store.Store) {
	s.Go(func() error {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var away time.Time
		for {
			select {
			case <-s.Stopping():
				return nil
			case <-tick.C:
			}
			ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
			err := books.Usable(ctx)
			cancel()
			switch {
			case err != nil && away.IsZero():
				away = time.Now()
				s.logger.Error("the ledger cannot be used: nothing is read, decided or sent until it can", slog.Any("err", err))
			case err == nil && !away.IsZero():
				s.logger.Info("the ledger can be used again", slog.Duration("away", time.Since(away)))
				away = time.Time{}
			}
			s.grpc.SetHealth(err == nil)
		}
	})
}
