package backfill

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Store is what backfills ask of the ledger.
type Store interface {
	intake.PageStore
	intake.TroubleStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	StopScheme(ctx context.Context, name, reason, detail string) error
	Run(ctx context.Context, id int64) (ledger.Run, error)
	DueBackfills(ctx context.Context) ([]int64, error)
	TryLockBackfill(ctx context.Context, id int64) (unlock func(), ok bool, err error)
	LiveTraffic(ctx context.Context, scheme string, limit int) (ledger.LiveTraffic, error)
	CommitBackfill(
		ctx context.Context, b *ledger.Run, basis ledger.Basis, page ledger.Page,
		step ledger.BackfillStep, also func(pgx.Tx) error,
	) error
	CommitPlan(
		ctx context.Context, b *ledger.Run, page ledger.Page, step ledger.BackfillStep, also func(pgx.Tx) error,
	) error
	BeginPlanAnew(ctx context.Context, b *ledger.Run, revision int) error
	EndBackfill(ctx context.Context, b *ledger.Run) error
	FailRun(ctx context.Context, run *ledger.Run, reason string) error
	NoteBackfill(ctx context.Context, b *ledger.Run, reason string, wait time.Duration) error
	applyStore
}

const (
	// BackfillTick is how often backfills without a live job are looked for: what a lost job costs.
	BackfillTick = 5 * time.Second
	// maxGiveWay is the longest that one page waits for live traffic: a backfill gets at least one page in this time.
	maxGiveWay = 5 * time.Second
	// giveWayTick is how often it is asked whether the way is free.
	giveWayTick = 250 * time.Millisecond
	// maxBacklog is how much may be due before a backfill owes more: live cancellations wait behind no more than this.
	maxBacklog = 500
	// maxAgain is how often a page is read again because the ledger moved on meanwhile, before its job gives up.
	maxAgain = 5
)

var (
	// errAgain says that the rest is left to the next job.
	errAgain = errors.New("the ledger keeps moving on")
	// errEnded says that the backfill has ended, and why is written.
	errEnded = errors.New("the backfill has ended")
)

// Backfiller runs chunks of backfills.
type Backfiller struct {
	Store    Store
	Kingdee  kingdeev1.BillServiceClient
	Registry *intake.Registry
	Insert   queue.Inserter
	Logger   *slog.Logger
	Now      func() time.Time
	// Stopping is as in Job.
	Stopping <-chan struct{}
}

// Begin asks for a job for each backfill under way. Where one is at work already, its lock ends the new one at once.
func (f *Backfiller) Begin(ctx context.Context) error {
	ids, err := f.Store.DueBackfills(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := f.Insert.InsertOnce(ctx, queue.BackfillArgs{ID: id}, BackfillTick); err != nil {
			return err
		}
	}
	return nil
}

// Run does one chunk of a backfill. It does not take the lock of incremental runs: its pages give way to whatever the
// ledger learned meanwhile, and settle their own cancellations, so incremental runs go on beside it.
func (f *Backfiller) Run(ctx context.Context, args queue.BackfillArgs) error {
	unlock, ours, err := intake.LockFor(ctx, args.Follows,
		func() (func(), bool, error) { return f.Store.TryLockBackfill(ctx, args.ID) })
	if err != nil || !ours {
		return err
	}
	defer unlock()
	run, err := f.Store.Run(ctx, args.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil || run.Kind != ledger.Backfill || !run.State.UnderWay() || run.Backfill.Waits {
		return err
	}
	b := &run
	e, standing, loaded, err := f.Registry.Standing(ctx, f.Store, b.Scheme)
	switch {
	case err != nil || !loaded:
		return err
	case standing.Stopped:
		return f.Store.NoteBackfill(ctx, b, "waits: the scheme is stopped (方案已停止)", 0)
	case standing.Rests:
		return nil // it goes on once a probe has ended the condition, which says why it waits
	case standing.Watermark == nil:
		return f.Store.NoteBackfill(ctx, b, "waits: the scheme's baseline is not complete (基线未完成)", 0)
	}
	f.Registry.Learn(b.Scheme, scheme.Environment(standing.Watermark.Environment))
	r := &refill{Backfiller: f, entry: e, standing: standing, backfill: b, started: f.Now()}
	return f.conclude(ctx, r, r.run(ctx))
}

// conclude notes what a chunk came to.
func (f *Backfiller) conclude(ctx context.Context, r *refill, err error) error {
	b := r.backfill
	var stop *intake.StopError
	var runCounts *rule.RunCountsError
	err = intake.ReadFault(err)
	switch {
	case err == nil, errors.Is(err, errAgain), errors.Is(err, intake.ErrLeft), errors.Is(err, errEnded):
		return nil
	case errors.Is(err, intake.ErrStopping):
		return f.Insert.Insert(ctx, queue.BackfillArgs{ID: b.ID, Follows: true})
	case errors.Is(err, ledger.ErrRunMoved):
		f.Logger.InfoContext(ctx, "backfill was changed by somebody else", slog.Int64("run_id", b.ID))
		return nil
	case errors.As(err, &stop):
		f.Logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", b.Scheme),
			slog.String("reason", stop.Reason),
			slog.String("detail", stop.Detail))
		return f.Store.StopScheme(ctx, b.Scheme, stop.Reason, stop.Detail)
	case errors.As(err, &runCounts):
		f.Logger.ErrorContext(ctx, "backfill failed", slog.Int64("run_id", b.ID), slog.Any("err", err))
		return f.Store.FailRun(ctx, b, err.Error())
	}
	pause := min(queue.MaxPause, time.Second<<min(b.Backfill.Failures, 8))
	met, failed := intake.MetTrouble(ctx, f.Store, f.Logger, r.entry.DataCenter, err)
	switch {
	case failed != nil:
		return failed
	case met:
		pause = 0
	default:
		f.Logger.WarnContext(ctx, "backfill waits", slog.Int64("run_id", b.ID), slog.Any("err", err),
			slog.Duration("pause", pause))
	}
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return f.Store.NoteBackfill(note, b, err.Error(), pause)
}

// refill is the part of a backfill that one job does.
type refill struct {
	*Backfiller
	entry    intake.Entry
	standing ledger.Scheme
	backfill *ledger.Run
	reader   intake.Reader
	pager    *intake.Pager
	started  time.Time
}

func (r *refill) run(ctx context.Context) error {
	r.reader = intake.Reader{Kingdee: r.Kingdee, Entry: r.entry, Watermark: r.standing.Watermark, Now: r.Now,
		Stopping: r.Stopping}
	b := r.backfill
	if b.State == ledger.RunApplying {
		return r.apply(ctx)
	}
	if b.Backfill.PlanOnly && b.Revision != r.entry.Revision {
		if err := r.Store.BeginPlanAnew(ctx, b, r.entry.Revision); err != nil {
			return err
		}
	}
	read := r.rangeOf
	if len(b.Backfill.Numbers) > 0 {
		read = r.numbers
	}
	if err := read(ctx); err != nil {
		return err
	}
	return r.end(ctx)
}

// end closes a stage that has come to its end.
func (r *refill) end(ctx context.Context) error {
	b := r.backfill
	if err := b.RunCounts.Check(); err != nil {
		return err
	}
	if err := r.Store.EndBackfill(ctx, b); err != nil {
		return err
	}
	r.Logger.InfoContext(ctx, "backfill ended", slog.String("scheme", b.Scheme), slog.Int64("run_id", b.ID),
		slog.String("state", string(b.State)),
		slog.Int64("rows", b.RunCounts.Rows), slog.Int64("bills", b.RunCounts.Bills),
		slog.Int64("items", b.Backfill.Items))
	return nil
}

// late says whether the chunk's time is up.
func (r *refill) late() bool { return r.Now().Sub(r.started) > r.entry.Pace.WorkFor() }

// leave inserts the successor into the transaction of a chunk's last page.
func (r *refill) leave(ctx context.Context, tx pgx.Tx) error {
	return r.Insert.InsertTx(ctx, tx, queue.BackfillArgs{ID: r.backfill.ID, Follows: true})
}

// giveWay waits for live traffic, but not for ever: while an incremental run of the scheme is at work or what it owes
// waits to be sent, for a while; while so much is due that more would keep live cancellations waiting, until that is
// sent.
func (r *refill) giveWay(ctx context.Context) error {
	for waited := time.Duration(0); ; waited += giveWayTick {
		traffic, err := r.Store.LiveTraffic(ctx, r.backfill.Scheme, maxBacklog)
		if err != nil {
			return err
		}
		owes := !r.backfill.Backfill.PlanOnly || r.backfill.State == ledger.RunApplying
		switch {
		case traffic.Backlog && owes && waited > queue.WorkFor/2:
			return errAgain
		case traffic.Backlog && owes:
		case (traffic.Run || traffic.Waiting) && waited < maxGiveWay:
		default:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.Stopping:
			return intake.ErrStopping
		case <-time.After(giveWayTick):
		}
	}
}
