package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// nudge asks for a dispatch now and then until the process stops. Any number of processes come to one dispatch a
// period.
func (r *Runner) nudge(logger *slog.Logger) {
	defer close(r.nudged)
	tick := time.NewTicker(queue.NudgeEvery)
	defer tick.Stop()
	quiet := false
	for {
		select {
		case <-r.stopping:
			return
		case <-tick.C:
		}
		err := r.ask()
		if err != nil && !quiet {
			// Once for each time that the database is away.
			logger.Warn("no dispatch could be asked for", slog.Any("err", err))
		}
		quiet = err != nil
	}
}

// ask asks for a dispatch; a process that stops does not wait for a database that is away.
func (r *Runner) ask() error {
	ctx, cancel := context.WithTimeout(context.Background(), queue.NudgeEvery)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := r.client.Insert(ctx, queue.DispatchArgs{},
			&river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: queue.NudgeEvery}})
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-r.stopping:
		cancel()
		<-ended //nolint:errcheck // nobody needs a dispatch of this process any more
		return nil
	}
}

// probeEvery is how often a host looks whether it is due to ask about what it alone cannot reach.
const probeEvery = 5 * time.Second

// probeHost asks about what only this host cannot reach until the process stops.
func (r *Runner) probeHost(door *push.Doorman, logger *slog.Logger) {
	defer close(r.probed)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.stopping:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*probeEvery)
		if err := door.ProbeHost(ctx); err != nil {
			logger.WarnContext(ctx, "the accounts that this host lacks could not be asked about", slog.Any("err", err))
		}
		cancel()
	}
}
