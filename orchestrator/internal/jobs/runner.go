package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Store is everything the jobs ask of the ledger.
type Store interface {
	passStore
	sliceStore
	dispatchStore
	tidyStore
}

// Config is what a Runner is built from.
type Config struct {
	Pool *pgxpool.Pool
	// Schema that River's tables live in.
	Schema  string
	Store   Store
	Kingdee kingdeev1.BillServiceClient
	WMS     wmsv1.OrderServiceClient
	Schemes []*scheme.Scheme
	// Revisions of the schemes, by name, as the ledger numbered them.
	Revisions map[string]int
	// PushWorkers is how many slices run at once; 0 = 4.
	PushWorkers int
	// Takeover is when an attempt without an answer counts as unknown; 0 = 40 s, which is longer than any answer takes. Shorter, an
	// answer that is still on its way is overtaken by a probe.
	Takeover time.Duration
	Logger   *slog.Logger
	Now      func() time.Time
}

// Runner runs the jobs of one orchestrator. Any number of them share the work on one database.
type Runner struct {
	client   *river.Client[pgx.Tx]
	stopping chan struct{}
	stopOnce sync.Once
}

// Start begins to work.
func Start(ctx context.Context, cfg Config) (*Runner, error) {
	if cfg.Takeover == 0 {
		cfg.Takeover = claimHold
	}
	if cfg.PushWorkers == 0 {
		cfg.PushWorkers = 4
	}
	r := &Runner{stopping: make(chan struct{})}
	schemes := newRegistry(cfg.Schemes, cfg.Revisions)
	pass := &passer{
		store: cfg.Store, kingdee: cfg.Kingdee, wms: cfg.WMS, registry: schemes, insert: r, logger: cfg.Logger, now: cfg.Now,
	}
	slice := &slicer{
		store: cfg.Store, wms: cfg.WMS, registry: schemes, logger: cfg.Logger, now: cfg.Now, hold: cfg.Takeover, stopping: r.stopping,
		verifier: &verifier{store: cfg.Store, kingdee: cfg.Kingdee, logger: cfg.Logger, now: cfg.Now},
	}
	dispatch := &dispatcher{store: cfg.Store, registry: schemes, insert: r, logger: cfg.Logger, now: cfg.Now}
	tidy := &tidier{store: cfg.Store, now: cfg.Now}

	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(work(pass.run)))
	river.AddWorker(workers, river.WorkFunc(work(slice.run)))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context, _ dispatchArgs) error { return dispatch.run(ctx) })))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context, _ tidyArgs) error { return tidy.run(ctx) })))
	client, err := river.NewClient(riverpgxv5.New(cfg.Pool), &river.Config{
		Schema: cfg.Schema, Workers: workers, Logger: quiet(cfg.Logger), FetchOnlyKnownKinds: true,
		FetchCooldown: fetchCooldown,
		Queues: map[string]river.QueueConfig{
			queueScan: {MaxWorkers: 10}, queueDispatch: {MaxWorkers: 1, FetchPollInterval: fetchLatest},
			queuePush: {MaxWorkers: cfg.PushWorkers, FetchPollInterval: fetchLatest}, queueBulk: {MaxWorkers: 2},
		},
		PeriodicJobs: periodic(schemes), JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter, RetryPolicy: soon{},
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("set up jobs: %w", err)
	}
	r.client = client
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("start jobs: %w", err)
	}
	return r, nil
}

// work makes a River worker of a function over args.
func work[T river.JobArgs](run func(context.Context, T) error) func(context.Context, *river.Job[T]) error {
	return func(ctx context.Context, job *river.Job[T]) error { return run(ctx, job.Args) }
}

// periodic jobs are inserted by River's leader. They are unique by period, never "one ever running": a job orphaned by a kill
// must not block its successors. Nothing depends on one of them being inserted; the rows say what is due.
func periodic(schemes *registry) []*river.PeriodicJob {
	jobs := []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(time.Second), func() (river.JobArgs, *river.InsertOpts) {
			return dispatchArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
			return tidyArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
	}
	for name := range schemes.entries {
		jobs = append(jobs, river.NewPeriodicJob(pollSchedule{schemes, name}, func() (river.JobArgs, *river.InsertOpts) {
			return passArgs{Scheme: name}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: time.Second}}
		}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	return jobs
}

// soon is River's retry policy: a job that failed by a fault of ours is tried again shortly.
type soon struct{}

func (soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(2 * time.Second) }

func (r *Runner) insertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
	if _, err := r.client.InsertTx(ctx, tx, args, nil); err != nil {
		return fmt.Errorf("insert %s job: %w", args.Kind(), err)
	}
	return nil
}

// StartPass asks for a pass of this scheme now. That it could not be asked for is the database's fault: ErrUnavailable.
func (r *Runner) StartPass(ctx context.Context, scheme string) error {
	if _, err := r.client.Insert(ctx, passArgs{Scheme: scheme, Asked: true}, nil); err != nil {
		return fmt.Errorf("start pass: %w: %w", ledger.ErrUnavailable, err)
	}
	return nil
}

// Stop ends the work in order: nothing new is claimed, what is in flight is finished and written. When ctx ends first, the rest is
// left to the rows. Safe to call twice.
func (r *Runner) Stop(ctx context.Context) error {
	r.stopOnce.Do(func() { close(r.stopping) })
	if err := r.client.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(fmt.Errorf("stop jobs: %w", err), r.client.StopAndCancel(hard))
	}
	return nil
}

// quiet lets only River's own errors and warnings through: its info lines tell nothing that an operator asked for.
func quiet(logger *slog.Logger) *slog.Logger {
	return slog.New(levelHandler{logger.Handler()})
}

type levelHandler struct{ slog.Handler }

func (h levelHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelHandler{h.Handler.WithAttrs(attrs)}
}
func (h levelHandler) WithGroup(name string) slog.Handler {
	return levelHandler{h.Handler.WithGroup(name)}
}

var _ inserter = (*Runner)(nil)
