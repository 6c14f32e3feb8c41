package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

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
