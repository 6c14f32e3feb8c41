package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
)

// nudgeEvery is how often each process asks for a dispatch by itself, and how late an incremental run may be before a
// dispatch asks for it. River's leader inserts the periodic jobs; when it is killed, nobody does for up to 22 s, and
// after a database that was away for minutes the bids for the lead come up to 64 s apart. The rows say what is due all
// the same: whoever is alive looks.
const nudgeEvery = 5 * time.Second

// nudge asks for a dispatch now and then until the process stops. Any number of processes come to one dispatch a
// period.
func (r *Runner) nudge(logger *slog.Logger) {
	defer close(r.nudged)
	tick := time.NewTicker(nudgeEvery)
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
	ctx, cancel := context.WithTimeout(context.Background(), nudgeEvery)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := r.client.Insert(ctx, dispatchArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: nudgeEvery}})
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

// overdue asks for the incremental runs that nobody asked for in time.
func (d *dispatcher) overdue(ctx context.Context) error {
	schemes, err := d.store.OverdueRuns(ctx, nudgeEvery)
	if err != nil {
		return err
	}
	for _, name := range schemes {
		if _, loaded := d.registry.entries[name]; !loaded {
			continue
		}
		if err := d.insert.insertOnce(ctx, runArgs{Scheme: name}, nudgeEvery); err != nil {
			return err
		}
	}
	return nil
}
