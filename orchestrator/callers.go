package orchestrator

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/operate"
)

const (
	// callersWaiting are changes that are not written yet; the log has those beyond.
	callersWaiting = 100
	callersAgain   = 5 * time.Second
)

// recordCallers writes down each change of the file of callers, once the ledger takes it, until the server stops.
func (s *Server) recordCallers(pool *pgxpool.Pool) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.Stopping()
		cancel()
	}()
	for {
		select {
		case <-s.Stopping():
			return nil
		case change := <-s.callers:
			s.recordChange(ctx, pool, change)
		}
	}
}

func (s *Server) recordChange(ctx context.Context, pool *pgxpool.Pool, change access.CallersChange) {
	tick := time.NewTicker(callersAgain)
	defer tick.Stop()
	for {
		err := ledger.InTx(ctx, pool, func(tx pgx.Tx) error { return operate.RecordCallers(ctx, tx, s.name, change) })
		if err == nil {
			return
		}
		s.logger.WarnContext(ctx, "a change of the callers is not written down yet", slog.Any("err", err))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// callersChanged hands a change over to be written down.
func (s *Server) callersChanged(change access.CallersChange) {
	select {
	case s.callers <- change:
	default: // the log has it
	}
}
