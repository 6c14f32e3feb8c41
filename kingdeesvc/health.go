package kingdeesvc

import (
	"context"
	"log/slog"
	"time"
)

const (
	// probeEvery is how often an unusable or silent vendor is asked again.
	probeEvery = 15 * time.Second
	// quietFor is how long a working vendor may go unasked.
	quietFor = time.Minute
	// probeLimit bounds one probe: a server may take two minutes for an answer and be well.
	probeLimit = 150 * time.Second
)

// tell turns health with the vendor: NOT_SERVING when the login is refused or nobody answers, SERVING again
// when it works.
func (s *Server) tell(usable bool, cause error) {
	if usable {
		s.logger.Info("Kingdee is usable")
	} else {
		s.logger.Warn("Kingdee is not usable", slog.Any("err", cause))
	}
	s.grpc.SetHealth(usable)
}

// probe asks the vendor at once, and then whenever nothing else has for a while, so that health is right without
// callers. A refused login is not repeated by it before its pause is over, or its secret was changed.
func (s *Server) probe(ctx context.Context) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		// What is under way tells by itself how it ends, and on a slow server a probe would only wait behind it.
		if (s.client.Unusable() || time.Since(s.client.LastAnswer()) > quietFor) && !s.client.Busy() {
			_ = s.client.Probe(ctx, forms[0].ID, probeLimit) // the outcome reaches tell
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-s.wake:
		}
	}
}
