package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// passStore is what a pass asks of the ledger.
type passStore interface {
	pageStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	Recheck(ctx context.Context, scheme string, limit int) ([]int64, error)
	PostponeRecheck(ctx context.Context, scheme string, ids []int64) error
	TryLockPass(ctx context.Context, scheme string) (unlock func(), ok bool, err error)
	UnfinishedPass(ctx context.Context, scheme string) (*ledger.Pass, error)
	CommitPage(ctx context.Context, pass *ledger.Pass, page ledger.Page, also func(pgx.Tx) error) error
	FinishPass(ctx context.Context, pass *ledger.Pass, page ledger.Page, finish ledger.Finish, also func(pgx.Tx) error) (ledger.Finished, error)
	FailPass(ctx context.Context, pass *ledger.Pass, reason string) error
	NotePassFailure(ctx context.Context, scheme, reason string, wait time.Duration) error
	StopScheme(ctx context.Context, name, reason, detail string) error
}

// inserter puts jobs into a caller's transaction.
type inserter interface {
	insertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error
}

// passer runs chunks of passes.
type passer struct {
	store    passStore
	kingdee  kingdeev1.BillServiceClient
	wms      wmsv1.OrderServiceClient
	registry *registry
	insert   inserter
	logger   *slog.Logger
	now      func() time.Time
}

// maxPause is the longest wait after failed passes.
const maxPause = time.Minute

// run does one chunk of the scheme's pass: it begins or resumes it, reads pages, and ends it or leaves a successor. What the
// vendor does wrong is noted in the ledger; the error is for faults of our own.
func (p *passer) run(ctx context.Context, args passArgs) error {
	e, loaded := p.registry.entries[args.Scheme]
	if !loaded {
		return nil
	}
	standing, err := p.store.Scheme(ctx, args.Scheme)
	if err != nil {
		return err
	}
	if standing.Mark != nil {
		p.registry.learn(args.Scheme, scheme.Environment(standing.Mark.Environment))
	}
	switch {
	case standing.Stopped:
		return nil
	case standing.Revision != e.revision:
		p.logger.WarnContext(ctx, "another orchestrator runs a newer scheme file", slog.String("scheme", args.Scheme),
			slog.Int("ours", e.revision), slog.Int("newest", standing.Revision))
		return nil
	case !args.Asked && p.now().Before(standing.NotBefore):
		return nil
	}
	unlock, ours, err := p.store.TryLockPass(ctx, args.Scheme)
	if err != nil || !ours {
		return err
	}
	defer unlock()
	// Read again under the lock: the pass that held it may have moved the mark.
	if standing, err = p.store.Scheme(ctx, args.Scheme); err != nil {
		return err
	}
	c := &chunk{passer: p, entry: e, standing: standing}
	return p.conclude(ctx, e, standing, c.run(ctx))
}

// conclude notes what a chunk came to.
func (p *passer) conclude(ctx context.Context, e entry, standing ledger.Scheme, err error) error {
	var stop *stopError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrConflict):
		// Somebody else moved on; what we read is read again.
		p.logger.InfoContext(ctx, "pass gave way", slog.String("scheme", e.Name), slog.Any("err", err))
		return nil
	case errors.As(err, &stop):
		p.logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", e.Name), slog.String("reason", stop.reason), slog.String("detail", stop.detail))
		return p.store.StopScheme(ctx, e.Name, stop.reason, stop.detail)
	}
	pause := min(maxPause, p.registry.interval(e.Name)<<min(standing.Failures, 8))
	p.logger.WarnContext(ctx, "pass did not end", slog.String("scheme", e.Name), slog.Any("err", err), slog.Duration("pause", pause))
	note, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return p.store.NotePassFailure(note, e.Name, err.Error(), pause)
}

// begin answers the pass to go on with: the unfinished one, if it was made under this revision and mark, or a new one.
func (c *chunk) begin(ctx context.Context) error {
	pass, err := c.store.UnfinishedPass(ctx, c.entry.Name)
	if err != nil {
		return err
	}
	var version int64
	if c.standing.Mark != nil {
		version = c.standing.Mark.Version
	}
	if pass != nil && (pass.Revision != c.entry.revision || pass.MarkVersion != version) {
		if err := c.store.FailPass(ctx, pass, "the scheme or its mark changed meanwhile; a new pass reads it all again"); err != nil {
			return err
		}
		pass = nil
	}
	if pass == nil {
		pass = &ledger.Pass{Scheme: c.entry.Name, Kind: ledger.Baseline, Revision: c.entry.revision, MarkVersion: version}
		if mark := c.standing.Mark; mark != nil {
			pass.Kind, pass.MarkBefore, pass.LowerEdge = ledger.Poll, mark.Time, rule.LowerEdge(mark.Time)
		} else {
			pass.LowerEdge = c.now().Add(-rule.BaselineReach).Truncate(time.Second)
		}
	}
	pass.Failed = c.standing.Failures > 0
	c.pass = pass
	return nil
}

// floor is where triggers of bills never seen live begin to count.
func (c *chunk) floor() time.Time {
	floor := c.entry.EffectiveFrom
	switch {
	case c.standing.Mark != nil:
		floor = c.standing.Mark.EffectiveFrom
	case floor.IsZero():
		floor = c.pass.Clock.Reading().Add(-rule.Settle)
	}
	if c.standing.SendSince.After(floor) {
		return c.standing.SendSince
	}
	return floor
}

// finish is what the end of this pass writes.
func (c *chunk) finish() ledger.Finish {
	f := ledger.Finish{
		MarkAfter: rule.NextMark(c.pass.MarkBefore, c.pass.Clock), DataCenter: c.account.dataCenter, Environment: string(c.account.environment),
		TimeZone: c.account.zone, Brakes: c.entry.Brakes(),
	}
	if c.pass.Kind == ledger.Baseline {
		f.EffectiveFrom = c.floor()
		// What lies between the floor and the mark is still to be decided: the next pass must read from the floor on.
		if f.EffectiveFrom.Before(f.MarkAfter) {
			f.MarkAfter = f.EffectiveFrom.Truncate(time.Second)
		}
		f.SendAtOnce = c.entry.Mode(c.account.environment) == scheme.Send
		f.PollInterval = c.entry.PollInterval(c.account.environment)
	} else if c.pass.ClockSuspect {
		f.MarkAfter = c.pass.MarkBefore
	}
	return f
}

// checkMixed refuses a real vendor beside a sandbox, before the first pass of a scheme reads anything. A WMS that cannot be asked
// now is asked again before anything is sent.
func (p *passer) checkMixed(ctx context.Context, e entry, kingdee scheme.Environment) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, name := range e.Accounts() {
		answer, err := p.wms.CheckConnection(ctx, &wmsv1.CheckConnectionRequest{Account: name})
		if err != nil {
			p.logger.WarnContext(ctx, "wms could not be checked", slog.String("account", name), slog.Any("err", err))
			continue
		}
		if env, known := wmsEnvironment(answer.GetAccount().GetEnvironment()); known && env != kingdee {
			return &stopError{stopMixed, fmt.Sprintf("kingdee is %s and WMS account %s is %s", kingdee, name, env)}
		}
	}
	return nil
}

func wmsEnvironment(env wmsv1.Environment) (scheme.Environment, bool) {
	switch env {
	case wmsv1.Environment_ENVIRONMENT_REAL:
		return scheme.Real, true
	case wmsv1.Environment_ENVIRONMENT_SANDBOX:
		return scheme.Sandbox, true
	default:
		return "", false
	}
}
