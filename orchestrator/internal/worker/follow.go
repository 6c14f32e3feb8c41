package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// followEvery is how often a host asks for revisions that it has not heard of. A job that needs one asks by itself.
const followEvery = time.Second

// follower keeps the schemes at their newest revisions, and the periodic jobs of each.
type follower struct {
	schemes *intake.Registry
	ledger  *ledger.Schemes
	client  *river.Client[pgx.Tx]
	logger  *slog.Logger
	// jobs are the periodic jobs by scheme.
	jobs map[string][]rivertype.PeriodicJobHandle
}

// follow keeps the schemes at their newest revisions until the process stops.
func (r *Runner) follow(f *follower) {
	defer close(r.followed)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.stopping:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*followEvery)
		if err := f.schemes.Refresh(ctx); err != nil && !errors.Is(err, ledger.ErrUnavailable) {
			f.logger.WarnContext(ctx, "not every scheme is at its newest revision", slog.Any("err", err))
		}
		if err := f.remap(ctx); err != nil && !errors.Is(err, ledger.ErrUnavailable) {
			f.logger.WarnContext(ctx, "no remap could be asked for", slog.Any("err", err))
		}
		cancel()
		f.keepJobs()
	}
}

// remapEvery is how often a remap is gone on with whose process died.
const remapEvery = 5 * time.Second

// remap asks for the remaps that are under way. Any number of processes come to one job a period.
func (f *follower) remap(ctx context.Context) error {
	names, err := f.ledger.Remapping(ctx)
	for _, name := range names {
		if _, err := f.client.Insert(ctx, queue.RemapArgs{Scheme: name}, &river.InsertOpts{
			UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: remapEvery},
		}); err != nil {
			return err
		}
	}
	return err
}

// keepJobs adds the periodic jobs of schemes that are new, and removes those of schemes that are gone.
func (f *follower) keepJobs() {
	if f.jobs == nil {
		f.jobs = map[string][]rivertype.PeriodicJobHandle{}
	}
	loaded := map[string]bool{}
	for _, e := range f.schemes.Entries() {
		loaded[e.Name] = true
		if _, has := f.jobs[e.Name]; !has {
			f.jobs[e.Name] = f.client.PeriodicJobs().AddMany(periodicOf(f.schemes, e.Name))
		}
	}
	for name, handles := range f.jobs {
		if !loaded[name] {
			f.client.PeriodicJobs().RemoveMany(handles)
			delete(f.jobs, name)
		}
	}
}

// periodicOf are the jobs of one scheme, as periodic are those of all.
func periodicOf(schemes *intake.Registry, name string) []*river.PeriodicJob {
	reread := func(interval func(string) time.Duration, what ledger.RunKind) *river.PeriodicJob {
		return river.NewPeriodicJob(rereadSchedule{func() time.Duration { return interval(name) }},
			func() (river.JobArgs, *river.InsertOpts) {
				return queue.ReconcileArgs{Scheme: name, What: what},
					&river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: time.Second}}
			}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	return []*river.PeriodicJob{
		river.NewPeriodicJob(incrementalSchedule{schemes, name}, func() (river.JobArgs, *river.InsertOpts) {
			return queue.RunArgs{Scheme: name},
				&river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: time.Second}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
		reread(schemes.RecheckInterval, ledger.Recheck),
		reread(schemes.ReconcileInterval, ledger.Reconcile),
	}
}
