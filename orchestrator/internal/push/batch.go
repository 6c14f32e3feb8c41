package push

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// Times of a batch after its verification. Together they end before the job's own time-out: leases for 5 s, the last of
// them sent within 3 s more, and its answer awaited until 28.5 s; wmssvc gives a request 20 s.
const (
	leaseFor   = 5 * time.Second
	sendWithin = 3 * time.Second
	answerBy   = 28*time.Second + 500*time.Millisecond
	// afterLease is what must be left of the job's time for the last lease to be answered.
	afterLease = sendWithin + 20*time.Second + 500*time.Millisecond
	// LeaseHold is when an attempt without an answer becomes unknown: after everything above, and some.
	LeaseHold = 40 * time.Second
)

// BatchStore is what a batch asks of the ledger.
type BatchStore interface {
	verifyStore
	resultStore
	MaySend(ctx context.Context, scheme, account string) (bool, error)
	HostMaySend(ctx context.Context, host, account string) (bool, error)
	OwnersUnread(ctx context.Context, account string) (bool, error)
	Load(ctx context.Context, ids []int64) ([]ledger.Due, error)
	Lease(ctx context.Context, due []ledger.Due, lease time.Duration) ([]ledger.Due, error)
	GiveBack(ctx context.Context, ids []int64) error
	HoldBatch(ctx context.Context, ids []int64, hold time.Duration) error
	BindAccount(ctx context.Context, scheme, account, sid string) (string, error)
	StopScheme(ctx context.Context, name, reason, detail string) error
}

// Batcher sends batches.
type Batcher struct {
	Store    BatchStore
	WMS      wmsv1.OrderServiceClient
	Verifier *Verifier
	Doorman  *Doorman
	Registry *intake.Registry
	Recorder *Recorder
	Windows  *Windows
	Logger   *slog.Logger
	Now      func() time.Time
	// Hold is how long a lease stands without an answer.
	Hold time.Duration
	// Stopping is closed when the process is asked to end: no attempt gets a lease any more, what is in flight is
	// finished.
	Stopping <-chan struct{}
	// Tracer is nil where nothing is traced.
	Tracer trace.Tracer
}

// Run sends what can be sent of a batch: first it reads the bills that must be verified, then it writes intents and
// sends requests as far as the time goes. What is left is due as before.
//
// A LaterError says that this host cannot send it and nothing was written: the batch is whole, for another host or for
// later.
func (s *Batcher) Run(ctx context.Context, args queue.BatchArgs) (err error) {
	defer func() {
		var later *LaterError
		if errors.As(err, &later) {
			if s.Now().Before(args.Until) {
				return
			}
			// Its hold is over: whoever finds it due gathers it.
			err = nil
		}
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.Store.GiveBack(back, args.IDs); err != nil {
			s.Logger.WarnContext(ctx, "batch not given back; it is gathered again when its time is up",
				slog.Any("err", err))
		}
	}()
	if s.isStopping() {
		return nil
	}
	e, standing, loaded, err := s.Registry.Standing(ctx, s.Store, args.Scheme)
	if err != nil || !loaded {
		return err
	}
	if standing.Stopped || !standing.Send || standing.Watermark == nil {
		return nil
	}
	if args.Probe != "" && len(args.IDs) == 0 {
		return s.Verifier.Probe(ctx, e, standing.Watermark, args.Probe)
	}
	if may, err := s.Store.HostMaySend(ctx, s.Doorman.Host, args.Account); err != nil {
		return err
	} else if !may {
		return &LaterError{reason: "this host cannot reach the account"}
	}
	if !e.NamedByNumber() {
		if unread, err := s.Store.OwnersUnread(ctx, args.Account); err != nil {
			return err
		} else if unread {
			return &LaterError{reason: "a scheme that could own orders of the account has not been read for long"}
		}
	}
	due, err := s.Store.Load(ctx, args.IDs)
	if err != nil {
		return err
	}
	due = slices.DeleteFunc(due, func(d ledger.Due) bool { return d.SchemeRevision != e.Revision })
	if len(due) == 0 {
		return nil
	}
	err = s.send(ctx, e, standing.Watermark, args.Account, due, args.Probe)
	var stop *intake.StopError
	if errors.As(err, &stop) {
		s.Logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", e.Name), slog.String("reason", stop.Reason),
			slog.String("detail", stop.Detail))
		return s.Store.StopScheme(ctx, e.Name, stop.Reason, stop.Detail)
	}
	return err
}

// isStopping says that no attempt will get a lease here any more: verifying bills would only keep their rows from the
// others.
func (s *Batcher) isStopping() bool {
	select {
	case <-s.Stopping:
		return true
	default:
		return false
	}
}

func (s *Batcher) send(ctx context.Context, e intake.Entry, watermark *ledger.Watermark, account string,
	due []ledger.Due, probed rule.Trigger) error {
	ready, err := s.verified(ctx, e, watermark, due, probed)
	if err != nil || len(ready) == 0 {
		return err
	}
	p := &push{Batcher: s, entry: e, watermark: watermark, account: account, ready: ready}
	err = p.run(ctx)
	var later *LaterError
	if errors.As(err, &later) {
		s.Logger.WarnContext(ctx, "nothing sent from this host", slog.String("scheme", e.Name),
			slog.String("account", account), slog.Any("err", err))
		return err
	}
	return err
}

// verified answers those that may be sent: whose bill was seen recently enough, or is seen now. probed is the trigger
// for which Kingdee is asked although kingdee_slow is open; empty: none.
func (s *Batcher) verified(ctx context.Context, e intake.Entry, watermark *ledger.Watermark,
	due []ledger.Due, probed rule.Trigger) ([]ledger.Due, error) {
	ready := make([]ledger.Due, 0, len(due))
	var stale []ledger.Due
	for _, d := range due {
		if probed != "" || d.NeedsRead || !s.Sendable(e, d) {
			stale = append(stale, d)
		} else {
			ready = append(ready, d)
		}
	}
	if stale = s.mayAsk(ctx, e, stale, probed); len(stale) == 0 {
		return ready, nil
	}
	holds, err := s.verify(ctx, e, watermark, stale, probed)
	if err != nil {
		return nil, err
	}
	crashpoint.Here(crashpoint.AfterVerify)
	for _, d := range stale {
		if seen, ok := holds[d.ID]; ok {
			d.TakeVerified(seen)
			ready = append(ready, d)
		}
	}
	return ready, nil
}

// freshFor is how long after the last read a request for this cancellation may start: short where a bill of its order
// is un-audited, its own or another.
func freshFor(e intake.Entry, d ledger.Due) time.Duration {
	if !d.NotBefore.IsZero() || d.HangsOnUnAudit {
		return min(rule.FreshFor, e.VerifyAfter)
	}
	return e.VerifyAfter
}

// Sendable says whether the last read of the bill leaves time enough to send: a sixth of what there was at least.
func (s *Batcher) Sendable(e intake.Entry, d ledger.Due) bool {
	fresh := freshFor(e, d)
	return s.Now().Add(fresh / 6).Before(d.VerifiedTime.Add(fresh))
}

// SendBefore is the last moment at which a request for this cancellation may start.
func (s *Batcher) SendBefore(e intake.Entry, d ledger.Due) time.Time {
	latest := d.VerifiedTime.Add(freshFor(e, d))
	if soon := s.Now().Add(sendWithin); soon.Before(latest) {
		return soon
	}
	return latest
}

// LaterError says that a batch could not be sent from here, and that nothing was handed over or written.
type LaterError struct{ reason string }

func (e *LaterError) Error() string { return e.reason }

// Wait is how long a batch that could not be sent from here is left alone.
func (*LaterError) Wait() time.Duration { return time.Second }
