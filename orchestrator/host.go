package orchestrator

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

// mostOpen bounds how many of the ledger's conditions health tells of.
const mostOpen = 50

// remember takes the folder in which this orchestrator remembers which ledger it works with; nil where there is none.
func (s *Server) remember(ctx context.Context, cfg Config) (*memory.Keeper, error) {
	if cfg.StateDir == "" {
		s.logger.WarnContext(ctx, "STATE_DIR is not set: this host remembers nothing of the ledger, and an older "+
			"back-up of it would not be noticed (未设置 STATE_DIR，账本若被恢复成旧备份将无从察觉)")
		return nil, nil //nolint:nilnil // a host without a memory is a right one
	}
	remembered, err := memory.Open(cfg.StateDir, s.logger)
	if err != nil {
		return nil, fmt.Errorf("STATE_DIR: %w", err)
	}
	s.close = append(s.close, remembered.Close)
	return remembered, nil
}

// appear gives this orchestrator its name and writes its first sign of life: a condition of a host without one ends.
func (s *Server) appear(
	ctx context.Context, cfg Config, pool *pgxpool.Pool, reader *query.Reader, remembered *memory.Keeper,
) error {
	name, err := host.Name(cfg.HostName, s.grpc.Addr())
	if err != nil {
		return err
	}
	s.name = name
	s.host = host.New(host.Config{
		Name: name, Version: telemetry.ReadBuild().String(), Pool: pool, Logger: s.logger, Memory: remembered,
		Files: s.files.Findings,
		Open: func(ctx context.Context) ([]ledger.ConditionView, error) {
			return reader.ConditionViews(ctx, ledger.ConditionFilter{}, 0, mostOpen)
		},
		Changed: s.tell,
	})
	return s.host.Appear(ctx)
}

// tell turns health: NOT_SERVING while this host can do nothing useful or has not begun to work, in any case with what
// stands still.
func (s *Server) tell(ready bool) {
	s.grpc.SetHealthDetail(s.host.Tell())
	s.grpc.SetHealth(ready && s.jobs.Load() != nil)
}

// follow keeps health true until the server stops.
func (s *Server) follow() {
	s.tell(s.host.Ready())
	s.Go(func() error {
		s.host.Run(s.Stopping())
		return nil
	})
}
