package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// RereadStore is what rechecks and reconcile runs ask of the ledger.
type RereadStore interface {
	intake.PageStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	CommitDecided(
		ctx context.Context, basis ledger.Basis, page ledger.Page, then func(pgx.Tx, ledger.Committed) error,
	) (ledger.Committed, error)
	NoteAbsent(ctx context.Context, tx pgx.Tx, scheme string, ids []int64, at time.Time) (int64, error)
	StopScheme(ctx context.Context, name, reason, detail string) error
	intake.TroubleStore
	intake.SuspectStore
}

// Rereader is what rechecks and reconcile runs have in common. Unlike an incremental run they move no watermark, and
// they take no lock that it wants: a page of theirs is refused when the ledger has read one of its bills since, and is
// decided again.
type Rereader struct {
	Store    RereadStore
	Kingdee  kingdeev1.BillServiceClient
	Registry *intake.Registry
	Insert   queue.Inserter
	Logger   *slog.Logger
	Now      func() time.Time
	Stopping <-chan struct{}
}

// reread is the part of a recheck or a reconcile run that one job does.
type reread struct {
	*Rereader
	// what it is, for the log.
	what     string
	entry    intake.Entry
	standing ledger.Scheme
	reader   intake.Reader
	started  time.Time
	// successor is the job that goes on when the time is up.
	successor river.JobArgs
}

// open gets ready to read; nil when there is nothing to read for: a scheme that is stopped, not loaded as it is now, or
// without its baseline, and one that rests, unless a person asked.
func (l *Rereader) open(ctx context.Context, what, name string, asked bool) (*reread, error) {
	e, standing, loaded, err := l.Registry.Standing(ctx, l.Store, name)
	if err != nil || !loaded {
		return nil, err
	}
	if standing.Stopped || standing.Rests && !asked || standing.Watermark == nil {
		return nil, nil
	}
	l.Registry.Learn(name, scheme.Environment(standing.Watermark.Environment))
	return &reread{
		Rereader: l, what: what, entry: e, standing: standing, started: l.Now(),
		reader: intake.Reader{
			Kingdee: l.Kingdee, Entry: e, Watermark: standing.Watermark, Now: l.Now, Stopping: l.Stopping,
		},
	}, nil
}

// environment is where the scheme's watermark was made.
func (l *reread) environment() scheme.Environment {
	return scheme.Environment(l.standing.Watermark.Environment)
}

// leaving says whether the rest is to be left to a successor.
func (l *reread) leaving() bool {
	return l.Now().Sub(l.started) > l.entry.Pace.WorkFor() || l.reader.Ending()
}

// leave puts the successor into the transaction that stored how far this one came.
func (l *reread) leave(ctx context.Context, tx pgx.Tx) error {
	return l.Insert.InsertTx(ctx, tx, l.successor)
}

// conclude says what became of the chunk. What the vendor did wrong is noted; the error is for faults of our own.
func (l *reread) conclude(ctx context.Context, err error, note func(ctx context.Context, reason string) error) error {
	var stop *intake.StopError
	switch {
	case err == nil, errors.Is(err, intake.ErrLeft), errors.Is(err, intake.ErrSuspect):
		return nil
	case errors.Is(err, intake.ErrStopping):
		// Its time is up, or the read was cut off in the middle; what is written stands.
		return l.Insert.Insert(ctx, l.successor)
	case errors.Is(err, ledger.ErrConflict):
		l.Logger.InfoContext(ctx, "rereading gave way", slog.String("what", l.what),
			slog.String("scheme", l.entry.Name), slog.Any("err", err))
		return nil
	case errors.As(err, &stop):
		l.Logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", l.entry.Name),
			slog.String("reason", stop.Reason),
			slog.String("detail", stop.Detail))
		return l.Store.StopScheme(ctx, l.entry.Name, stop.Reason, stop.Detail)
	}
	err = intake.ReadFault(err)
	met, failed := intake.MetTrouble(ctx, l.Store, l.Logger, l.entry.DataCenter, err)
	switch {
	case failed != nil:
		return failed
	case !met:
		l.Logger.WarnContext(ctx, "rereading did not end", slog.String("what", l.what),
			slog.String("scheme", l.entry.Name), slog.Any("err", err))
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return note(detached, err.Error())
}
