package serve

import (
	"github.com/prometheus/client_golang/prometheus"

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
