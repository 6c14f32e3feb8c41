package worker

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

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/backfill"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/reconcile"
	"github.com/voidrelay/voidrelay/orchestrator/internal/remap"
	"github.com/voidrelay/voidrelay/orchestrator/internal/syncrun"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Limits of a job.
const (
	// jobTimeout ends a job that waits for no Kingdee; rescueAfter gives an orphan of a killed process to another (plus
	// River's own tick of 30 s). Nothing waits for that: the rows say what is due.
	jobTimeout  = 30 * time.Second
	rescueAfter = 45 * time.Second
	// readingTimeout ends a job that reads Kingdee page after page, and batchTimeout one that verifies before it sends.
	// Both end long before: a chunk after Pace.WorkFor, a verification when its answer is of no use any more.
	readingTimeout = 2 * intake.StreamTimeout
	batchTimeout   = push.VerifyTurn + push.VerifyTimeout + jobTimeout
	// fetchCooldown is the least time between two fetches of a queue, and between two notices that a queue has
	// something new: an insert so soon after another is not announced, but found by the next fetch. fetchLatest is when
	// that is, for the queues that stand between a decision and its request.
	fetchCooldown = 20 * time.Millisecond
	fetchLatest   = 200 * time.Millisecond
)

// Store is everything the jobs ask of the ledger.
type Store interface {
	syncrun.Store
	push.BatchStore
	push.DispatchStore
	backfill.Store
	reconcile.Store
	push.DoorStore
	syncrun.ProbeStore
}

// Config is what a Runner is built from.
type Config struct {
	Pool *pgxpool.Pool
	// Schema that River's tables live in.
	Schema  string
	Store   Store
	Kingdee kingdeev1.BillServiceClient
	WMS     wmsv1.OrderServiceClient
	// Schemes are those to work by; the runner keeps them at the newest revision.
	Schemes *intake.Registry
	// Host is the name of this orchestrator, as package host gives it: what only this one can see is about it.
	Host string
	// Reaches says whether this host reaches an adapter, "kingdee" or "wms"; nil always says so.
	Reaches func(adapter string) bool
	// PushWorkers is how many batches run at once; 0 = 4.
	PushWorkers int
	// Takeover is when an attempt without an answer counts as unknown; 0 = 40 s, which is longer than any answer takes.
	// Shorter, an answer that is still on its way is overtaken by the request that asks again.
	Takeover time.Duration
	// KeepEvidence is how long requests and replies are kept; 0 = 180 days.
	KeepEvidence time.Duration
	// Telemetry traces the jobs and counts them; nil does neither.
	Telemetry *telemetry.Telemetry
	// LedgerAway says whether the ledger could not be used at some moment since then; nil never says so.
	LedgerAway func(since time.Time) bool
	Logger     *slog.Logger
	Now        func() time.Time
}

// Runner runs the jobs of one orchestrator. Any number of them share the work on one database.
type Runner struct {
	client   *river.Client[pgx.Tx]
	stopping chan struct{}
	stopOnce sync.Once
	// nudged is closed when nothing nudges any more, and probed when nothing asks for this host alone any more.
	nudged, probed chan struct{}
	// followed is closed when nothing follows the schemes any more.
	followed chan struct{}
}

// Start begins to work.
func Start(ctx context.Context, cfg Config) (*Runner, error) {
	if cfg.Takeover == 0 {
		cfg.Takeover = push.LeaseHold
	}
	if cfg.KeepEvidence == 0 {
		cfg.KeepEvidence = keepEvidence
	}
	if cfg.PushWorkers == 0 {
		cfg.PushWorkers = 4
	}
	if cfg.Reaches == nil {
		cfg.Reaches = func(string) bool { return true }
	}
	// A trouble that lasts is told once, not at each try.
	cfg.Logger = telemetry.OnChange(cfg.Logger)
	r := &Runner{
		stopping: make(chan struct{}), nudged: make(chan struct{}), probed: make(chan struct{}),
		followed: make(chan struct{}),
	}
	schemes := cfg.Schemes
	runs := &syncrun.Job{
		Store: cfg.Store, Kingdee: cfg.Kingdee, WMS: cfg.WMS, Registry: schemes, Visibility: syncrun.NewVisibility(),
		Insert: r, Logger: cfg.Logger, Now: cfg.Now, Stopping: r.stopping,
	}
	again := &reconcile.Rereader{Store: cfg.Store, Kingdee: cfg.Kingdee, Registry: schemes, Insert: r,
		Logger: cfg.Logger, Now: cfg.Now, Stopping: r.stopping}
	reconciler := &reconcile.Reconciler{Rereader: again, Ledger: cfg.Store}
	door := &push.Doorman{Store: cfg.Store, WMS: cfg.WMS, Host: cfg.Host, Logger: cfg.Logger}
	batch := &push.Batcher{
		Store: cfg.Store, WMS: cfg.WMS, Doorman: door, Registry: schemes, Logger: cfg.Logger, Now: cfg.Now,
		Hold: cfg.Takeover, Stopping: r.stopping,
		Tracer: tracerOf(cfg.Telemetry),
		Verifier: &push.Verifier{Store: cfg.Store, Kingdee: cfg.Kingdee, Logger: cfg.Logger, Now: cfg.Now,
			Registry: schemes, Stopping: r.stopping},
		Recorder: push.NewRecorder(cfg.Store, cfg.Logger), Windows: &push.Windows{},
	}
	dispatch := &push.Dispatcher{Store: cfg.Store, Registry: schemes, Insert: r, Logger: cfg.Logger, Now: cfg.Now,
		Hold: cfg.Takeover + push.BatchHold, Host: cfg.Host, Sends: func() bool { return cfg.Reaches(wms) }}
	backfiller := &backfill.Backfiller{
		Store: cfg.Store, Kingdee: cfg.Kingdee, Registry: schemes, Insert: r, Logger: cfg.Logger, Now: cfg.Now,
		Stopping: r.stopping,
	}
	tidy := &tidier{
		store: NewHousekeepingRows(cfg.Pool), keep: ledger.Retention{Evidence: cfg.KeepEvidence, Bills: keepBills},
		insert: r, logger: cfg.Logger,
		stopping: r.stopping,
	}

	workers := river.NewWorkers()
	river.AddWorker(workers, within(readingTimeout, runs.Run))
	river.AddWorker(workers, within(batchTimeout, snoozing(batch.Run)))
	river.AddWorker(workers, within(readingTimeout, reconciler.Run))
	river.AddWorker(workers, within(readingTimeout, backfiller.Run))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context,
		_ queue.BackfillsArgs) error {
		return backfiller.Begin(ctx)
	})))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context,
		_ queue.DispatchArgs) error {
		return dispatch.Run(ctx)
	})))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context,
		_ queue.TidyArgs) error {
		return tidy.run(ctx)
	})))
	river.AddWorker(workers, river.WorkFunc(work(func(ctx context.Context,
		_ queue.ProbeArgs) error {
		return door.Probe(ctx)
	})))
	remapper := &remap.Remapper{Pool: cfg.Pool, Registry: schemes, Logger: cfg.Logger, Stopping: r.stopping}
	river.AddWorker(workers, river.WorkFunc(work(remapper.Run)))
	prober := &syncrun.Prober{
		Store: cfg.Store, Kingdee: cfg.Kingdee, Registry: schemes, Insert: r, Logger: cfg.Logger,
	}
	river.AddWorker(workers, within(syncrun.ProbeTimeout+jobTimeout, func(ctx context.Context,
		_ queue.KingdeeProbeArgs) error {
		return prober.Run(ctx)
	}))
	queueLog := quiet(cfg.Logger, cfg.LedgerAway)
	client, err := river.NewClient(riverpgxv5.New(cfg.Pool), &river.Config{
		Schema: cfg.Schema, Workers: workers, Logger: queueLog, FetchOnlyKnownKinds: true,
		FetchCooldown: fetchCooldown,
		Queues: map[string]river.QueueConfig{
			queue.QueueScan: {MaxWorkers: 10}, queue.QueueDispatch: {MaxWorkers: 1, FetchPollInterval: fetchLatest},
			queue.QueuePush: {MaxWorkers: cfg.PushWorkers, FetchPollInterval: fetchLatest},
			queue.QueueBulk: {MaxWorkers: 4},
		},
		Middleware: append([]rivertype.Middleware{&elsewhere{reaches: cfg.Reaches}},
			traced(cfg.Telemetry)...),
		PeriodicJobs: periodic(), JobTimeout: jobTimeout,
		RescueStuckJobsAfter: rescueAfter, RetryPolicy: soon{},
		// Only an owner makes an index anew: housekeeping does, by a function of the ledger.
		ReindexerIndexNames:         []string{},
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
	if err != nil {
		return nil, fmt.Errorf("set up jobs: %w", err)
	}
	r.client = client
	follow := &follower{schemes: schemes, ledger: ledger.NewSchemes(cfg.Pool), client: client, logger: cfg.Logger}
	follow.keepJobs()
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("start jobs: %w", err)
	}
	go r.nudge(queueLog)
	go r.follow(follow)              //nolint:gosec // G118: it lives as long as the runner, not as the start
	go r.probeHost(door, cfg.Logger) //nolint:gosec // G118: it lives as long as the runner, not as the start
	return r, nil
}

// work makes a River worker of a function over args.
func work[T river.JobArgs](run func(context.Context, T) error) func(context.Context, *river.Job[T]) error {
	return func(ctx context.Context, job *river.Job[T]) error { return run(ctx, job.Args) }
}

// snoozing puts a batch off that cannot be sent from this host, so that any other may take it.
func snoozing(run func(context.Context, queue.BatchArgs) error) func(context.Context, queue.BatchArgs) error {
	return func(ctx context.Context, args queue.BatchArgs) error {
		err := run(ctx, args)
		var later *push.LaterError
		if errors.As(err, &later) {
			return river.JobSnooze(later.Wait())
		}
		return err
	}
}

// timed is a River worker of a function over args, with a time-out of its own.
type timed[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	limit time.Duration
	run   func(context.Context, T) error
}

func within[T river.JobArgs](limit time.Duration, run func(context.Context, T) error) river.Worker[T] {
	return &timed[T]{limit: limit, run: run}
}

// Work implements river.Worker.
func (w *timed[T]) Work(ctx context.Context, job *river.Job[T]) error { return w.run(ctx, job.Args) }

// Timeout implements river.Worker.
func (w *timed[T]) Timeout(*river.Job[T]) time.Duration { return w.limit }

// periodic jobs that concern no scheme alone are inserted by River's leader. They are unique by period, never "one ever
// running": a job orphaned by
// a kill must not block its successors. Nothing depends on one of them being inserted; the rows say what is due.
func periodic() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(time.Second), func() (river.JobArgs, *river.InsertOpts) {
			return queue.DispatchArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(push.ProbeTick), func() (river.JobArgs, *river.InsertOpts) {
			return queue.ProbeArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: push.ProbeTick}}
		}, nil),
		river.NewPeriodicJob(river.PeriodicInterval(syncrun.ProbeTick), func() (river.JobArgs, *river.InsertOpts) {
			return queue.KingdeeProbeArgs{},
				&river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: syncrun.ProbeTick}}
		}, nil),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
			return queue.TidyArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Hour}}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(backfill.BackfillTick), func() (river.JobArgs, *river.InsertOpts) {
			return queue.BackfillsArgs{}, &river.InsertOpts{
				UniqueOpts: river.UniqueOpts{ByPeriod: backfill.BackfillTick},
			}
		}, &river.PeriodicJobOpts{RunOnStart: true}),
	}
}

// soon is River's retry policy: a job that failed by a fault of ours is tried again shortly.
type soon struct{}

func (soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(2 * time.Second) }

func (r *Runner) InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
	if _, err := r.client.InsertTx(ctx, tx, args, nil); err != nil {
		return fmt.Errorf("insert %s job: %w", args.Kind(), err)
	}
	return nil
}

func (r *Runner) Insert(ctx context.Context, args river.JobArgs) error {
	if _, err := r.client.Insert(ctx, args, nil); err != nil {
		return fmt.Errorf("insert %s job: %w", args.Kind(), err)
	}
	return nil
}

// InsertOnce inserts a job unless one with the same args was inserted within this period of the clock.
func (r *Runner) InsertOnce(ctx context.Context, args river.JobArgs, period time.Duration) error {
	opts := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: period}}
	if _, err := r.client.Insert(ctx, args, opts); err != nil {
		return fmt.Errorf("insert %s job: %w", args.Kind(), err)
	}
	return nil
}

// InsertBackfill puts the first job of a backfill into the transaction that stores it.
func (r *Runner) InsertBackfill(ctx context.Context, tx pgx.Tx, id int64) error {
	return r.InsertTx(ctx, tx, queue.BackfillArgs{ID: id})
}

// StartRun asks for an incremental run, a recheck or a reconcile run of this scheme now, in the transaction that
// records who asked; one that is under way is gone on with.
func (r *Runner) StartRun(ctx context.Context, tx pgx.Tx, scheme string, kind ledger.RunKind) error {
	if kind == ledger.Incremental {
		return r.InsertTx(ctx, tx, queue.RunArgs{Scheme: scheme, Asked: true})
	}
	return r.InsertTx(ctx, tx, queue.ReconcileArgs{Scheme: scheme, What: kind, Asked: true})
}

// Stop ends the work in order: no attempt gets a new lease, what is in flight is finished and written. When ctx ends
// first, the rest is left to the rows. Safe to call twice.
func (r *Runner) Stop(ctx context.Context) error {
	r.stopOnce.Do(func() { close(r.stopping) })
	<-r.nudged
	<-r.probed
	<-r.followed
	if err := r.client.Stop(ctx); err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return errors.Join(fmt.Errorf("stop jobs: %w", err), r.client.StopAndCancel(hard))
	}
	return nil
}

var _ queue.Inserter = (*Runner)(nil)
