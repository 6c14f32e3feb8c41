package serve

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/watched"
)

// FollowFiles makes a service go by what its files hold until it stops. What is the matter with them is told by metrics
// and, where health is not nil, with health: of a server whose health says other things, its owner tells it.
func FollowFiles(life *Life, health *GRPC, registry *prometheus.Registry, files *watched.Files) {
	registry.MustRegister(files)
	if health != nil {
		files.Tell(func(found []watched.Finding) { health.SetHealthDetail(found) })
	}
	life.Go(func() error {
		files.Run(life.Stopping())
		return nil
	})
}

// tellCallers writes a line for each caller who was added to the file of callers or taken out of it.
func tellCallers(logger *slog.Logger, change access.CallersChange) {
	for _, l := range change.Added {
		logger.Info("a caller was added to AUTH_CALLERS_FILE", slog.String("caller", l.Name),
			slog.String("line", l.Text()))
	}
	for _, l := range change.Ended {
		logger.Info("a caller was taken out of AUTH_CALLERS_FILE", slog.String("caller", l.Name),
			slog.String("line", l.Text()))
	}
}
