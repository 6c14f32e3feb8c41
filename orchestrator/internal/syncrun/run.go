package syncrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Store is what baselines and incremental runs ask of the ledger.
type Store interface {
	intake.PageStore
	Unclaimed(ctx context.Context, scheme string, limit int) error
	TakeUpFormer(ctx context.Context, e intake.Entry, standing ledger.Scheme) error
	intake.SuspectStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	Reread(ctx context.Context, scheme string, limit int) ([]int64, error)
	PostponeReread(ctx context.Context, scheme string, ids []int64) error
	TryLockRun(ctx context.Context, scheme string) (unlock func(), ok bool, err error)
	UnfinishedRun(ctx context.Context, scheme string) (*ledger.Run, error)
	CommitPage(ctx context.Context, run *ledger.Run, page ledger.Page, also func(pgx.Tx) error) error
	FinishRun(
		ctx context.Context, run *ledger.Run, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error,
	) (ledger.Finished, error)
	FailRun(ctx context.Context, run *ledger.Run, reason string) error
	intake.TroubleStore
	NoteRunFailure(ctx context.Context, scheme, reason string, wait time.Duration) error
	StopScheme(ctx context.Context, name, reason, detail string) error
}

// Job does chunks of baselines and incremental runs.
type Job struct {
	Store      Store
	Kingdee    kingdeev1.BillServiceClient
	WMS        wmsv1.OrderServiceClient
	Registry   *intake.Registry
	Visibility *Visibility
	Insert     queue.Inserter
	Logger     *slog.Logger
	Now        func() time.Time
	// Stopping is closed when the process is asked to end: a chunk leaves its run to another process at once.
	Stopping <-chan struct{}
}

// Run does one chunk of the scheme's present run: it begins or resumes it, reads pages, and ends it or leaves a
// successor. What the vendor does wrong is noted in the ledger; the error is for faults of our own.
func (p *Job) Run(ctx context.Context, args queue.RunArgs) error {
	e, standing, loaded, err := p.Registry.Standing(ctx, p.Store, args.Scheme)
	if err != nil || !loaded {
		return err
	}
	if standing.Watermark != nil {
		p.Registry.Learn(args.Scheme, scheme.Environment(standing.Watermark.Environment))
	}
	switch {
	case standing.Stopped:
		return nil
	case !args.Asked && (standing.Rests || p.Now().Before(standing.NotBefore)):
		return nil
	}
	unlock, ours, err := p.lock(ctx, args)
	if err != nil || !ours {
		return err
	}
	defer unlock()
	// Read again under the lock: the run that held it may have moved the watermark.
	if standing, err = p.Store.Scheme(ctx, args.Scheme); err != nil {
		return err
	}
	c := &chunk{Job: p, entry: e, standing: standing, asked: args.Asked}
	return p.conclude(ctx, e, standing, c.work(ctx))
}

// lock takes the scheme's lock.
func (p *Job) lock(ctx context.Context, args queue.RunArgs) (unlock func(), ours bool, err error) {
	return intake.LockFor(ctx, args.Follows || args.Asked,
		func() (func(), bool, error) { return p.Store.TryLockRun(ctx, args.Scheme) })
}

// conclude notes what a chunk came to.
func (p *Job) conclude(ctx context.Context, e intake.Entry, standing ledger.Scheme, err error) error {
	var stop *intake.StopError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrConflict):
		// Somebody else moved on; what we read is read again.
		p.Logger.InfoContext(ctx, "run gave way", slog.String("scheme", e.Name), slog.Any("err", err))
		return nil
	case errors.As(err, &stop):
		p.Logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", e.Name), slog.String("reason", stop.Reason),
			slog.String("detail", stop.Detail))
		return p.Store.StopScheme(ctx, e.Name, stop.Reason, stop.Detail)
	}
	pause := min(queue.MaxPause, p.Registry.Interval(e.Name)<<min(standing.Failures, 8))
	met, failed := intake.MetTrouble(ctx, p.Store, p.Logger, e.DataCenter, err)
	switch {
	case failed != nil:
		return failed
	case !met:
		p.Logger.WarnContext(ctx, "run did not end", slog.String("scheme", e.Name), slog.Any("err", err),
			slog.Duration("pause", pause))
	}
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.Store.NoteRunFailure(note, e.Name, err.Error(), pause)
}

// begin answers the run to go on with: the unfinished one, if it was made under this revision and watermark, or a new
// one.
func (c *chunk) begin(ctx context.Context) error {
	run, err := c.Store.UnfinishedRun(ctx, c.entry.Name)
	if err != nil {
		return err
	}
	var version int64
	if c.standing.Watermark != nil {
		version = c.standing.Watermark.Version
	}
	if run != nil && (run.Revision != c.entry.Revision || run.Reading.WatermarkVersion != version) {
		if err := c.Store.FailRun(ctx, run,
			"the scheme or its watermark changed meanwhile; a new run reads it all again"); err != nil {
			return err
		}
		run = nil
	}
	if run == nil {
		run = &ledger.Run{Scheme: c.entry.Name, Kind: ledger.Baseline, Revision: c.entry.Revision, Asked: c.asked}
		run.Reading.WatermarkVersion = version
		if watermark := c.standing.Watermark; watermark != nil {
			run.Kind, run.Reading.WatermarkBefore = ledger.Incremental, watermark.Time
			run.Reading.LowerEdge = rule.LowerEdge(watermark.Time, c.standing.Lag)
		} else {
			run.Reading.LowerEdge = c.Now().Add(-rule.BaselineReach).Truncate(time.Second)
		}
	}
	run.Reading.Failed, run.Reading.SendSince = c.standing.Failures > 0, c.standing.SendSince
	c.run = run
	return nil
}

// finish is what the end of this run writes.
func (c *chunk) finish() ledger.Finish {
	f := ledger.Finish{
		HeaderTime:     c.run.Clock().Reading(),
		WatermarkAfter: rule.NextWatermark(c.run.Reading.WatermarkBefore, c.run.Clock()), DataCenter: c.account.ID,
		Environment: string(c.account.Environment),
		TimeZone:    c.account.Zone, SafetyLimits: c.entry.SafetyLimits(),
	}
	if c.run.Kind == ledger.Baseline {
		f.EffectiveFrom = intake.CutoverOf(c.entry, c.standing, c.run.Clock())
		// What lies between the cutover and the watermark is still to be decided: the next run must read from the
		// cutover on.
		if f.EffectiveFrom.Before(f.WatermarkAfter) {
			f.WatermarkAfter = f.EffectiveFrom.Truncate(time.Second)
		}
		f.SendAtOnce = c.entry.Mode(c.account.Environment) == scheme.Send
		f.IncrementalInterval = c.entry.IncrementalInterval(c.account.Environment)
	} else if c.run.Reading.ClockAhead || c.standing.ClockAhead {
		f.WatermarkAfter, f.HeaderTime = c.run.Reading.WatermarkBefore, time.Time{}
	}
	return f
}

// checkMixed refuses a real vendor beside a sandbox, before the first run of a scheme reads anything. A WMS that cannot
// be asked now is asked again before anything is sent.
func (p *Job) checkMixed(ctx context.Context, e intake.Entry, kingdee scheme.Environment) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, name := range e.Accounts() {
		answer, err := p.WMS.CheckConnection(ctx, &wmsv1.CheckConnectionRequest{Account: name})
		if err != nil {
			p.Logger.WarnContext(ctx, "wms could not be checked", slog.String("account", name), slog.Any("err", err))
			continue
		}
		if env, known := push.Environment(answer.GetAccount().GetEnvironment()); known && env != kingdee {
			return &intake.StopError{Reason: rule.StopMixed,
				Detail: fmt.Sprintf("kingdee is %s and WMS account %s is %s", kingdee, name, env)}
		}
	}
	return nil
}
