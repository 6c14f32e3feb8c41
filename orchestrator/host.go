package orchestrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

// mostOpen bounds how many of the ledger's conditions health tells of.
const mostOpen = 50

// appear gives this orchestrator its name and writes its first sign of life: a condition of a host without one ends.
func (s *Server) appear(ctx context.Context, cfg Config, pool *pgxpool.Pool, reader *query.Reader) error {
	name, err := host.Name(cfg.HostName, s.grpc.Addr())
	if err != nil {
		return err
	}
	s.name = name
	s.host = host.New(host.Config{
		Name: name, Version: telemetry.ReadBuild().String(), Pool: pool, Logger: s.logger,
		Open: func(ctx context.Context) ([]ledger.ConditionView, error) {
			return reader.ConditionViews(ctx, ledger.ConditionFilter{}, 0, mostOpen)
		},
		Changed: s.tell,
	})
	return s.host.Appear(ctx)
}

// tell turns health: NOT_SERVING while this host can do nothing useful, in any case with what stands still.
func (s *Server) tell(ready bool) {
	s.grpc.SetHealthDetail(s.host.Tell())
	s.grpc.SetHealth(ready)
}

// follow keeps health true until the server stops.
func (s *Server) follow() {
	s.tell(true) // the schema was just read
	s.Go(func() error {
		s.host.Run(s.Stopping())
		return nil
	})
}
