package kingdeesvc

import (
	"context"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/assembled"
)

const (
	// probeEvery is how often an unusable or silent vendor is asked again.
	probeEvery = 15 * time.Second
	// quietFor is how long a working vendor may go unasked.
	quietFor = time.Minute
	// probeLimit bounds one probe.
	probeLimit = 30 * time.Second
)

// tell turns health with the vendor: NOT_SERVING when the login is refused or nobody answers, SERVING again when it works.
func (s *Server) tell(usable bool, cause error) {
	if usable {
		s.logger.Info("Kingdee is usable")
	} else {
		s.logger.Warn("Kingdee is not usable", slog.Any("err", cause))
	}
	s.grpc.SetHealth(usable)
}

// probe asks the vendor at once, and then whenever nothing else has for a while, so that health is right without callers. A
// refused login is not repeated by it before its pause is over.
func (s *Server) probe(ctx context.Context) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		if time.Since(s.client.LastAnswer()) > quietFor {
			_ = s.client.Probe(ctx, assembled.FormID, probeLimit) // the outcome reaches tell
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
