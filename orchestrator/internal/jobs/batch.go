package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
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
	// leaseHold is when an attempt without an answer becomes unknown: after everything above, and some.
	leaseHold = 40 * time.Second
)

// batchStore is what a batch asks of the ledger.
type batchStore interface {
	verifyStore
	resultStore
	Scheme(ctx context.Context, name string) (ledger.Scheme, error)
	MaySend(ctx context.Context, scheme, account string) (bool, error)
	Load(ctx context.Context, ids []int64) ([]ledger.Due, error)
	Lease(ctx context.Context, due []ledger.Due, lease time.Duration) ([]ledger.Due, error)
	Postpone(ctx context.Context, ids []int64, wait, limit time.Duration, why string) error
	GiveBack(ctx context.Context, ids []int64) error
	BindAccount(ctx context.Context, scheme, account, sid string) (string, error)
	StopScheme(ctx context.Context, name, reason, detail string) error
}

// batcher sends batches.
type batcher struct {
	store    batchStore
	wms      wmsv1.OrderServiceClient
	verifier *verifier
	doorman  *doorman
	registry *registry
	recorder *recorder
	windows  *windows
	logger   *slog.Logger
	now      func() time.Time
	// hold is how long a lease stands without an answer.
	hold time.Duration
	// stopping is closed when the process is asked to end: no attempt gets a lease any more, what is in flight is
	// finished.
	stopping <-chan struct{}
	// tracer is nil where nothing is traced.
	tracer trace.Tracer
}

// run sends what can be sent of a batch: first it reads the bills that must be verified, then it writes intents and
// sends requests as far as the time goes. What is left is due as before.
func (s *batcher) run(ctx context.Context, args batchArgs) error {
	defer func() {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.store.GiveBack(back, args.IDs); err != nil {
			s.logger.WarnContext(ctx, "batch not given back; it is gathered again when its time is up", slog.Any("err", err))
		}
	}()
	e, loaded := s.registry.entries[args.Scheme]
	if !loaded || s.isStopping() {
		return nil
	}
	standing, err := s.store.Scheme(ctx, args.Scheme)
	if err != nil {
		return err
	}
	if standing.Stopped || !standing.Send || standing.Watermark == nil || standing.Revision != e.revision {
		return nil
	}
	due, err := s.store.Load(ctx, args.IDs)
	if err != nil || len(due) == 0 {
		return err
	}
	err = s.send(ctx, e, standing.Watermark, args.Account, due)
	var stop *stopError
	if errors.As(err, &stop) {
		s.logger.ErrorContext(ctx, "scheme stopped", slog.String("scheme", e.Name), slog.String("reason", stop.reason), slog.String("detail", stop.detail))
		return s.store.StopScheme(ctx, e.Name, stop.reason, stop.detail)
	}
	return err
}

// isStopping says that no attempt will get a lease here any more: verifying bills would only keep their rows from the
// others.
func (s *batcher) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

func (s *batcher) send(ctx context.Context, e entry, watermark *ledger.Watermark, account string, due []ledger.Due) error {
	ready, err := s.verified(ctx, e, watermark, due)
	if err != nil || len(ready) == 0 {
		return err
	}
	p := &push{batcher: s, entry: e, watermark: watermark, account: account, ready: ready}
	err = p.run(ctx)
	var away *awayError
	if errors.As(err, &away) {
		// The WMS adapter cannot be used now: nothing was handed over.
		ids := make([]int64, len(ready))
		for i, d := range ready {
			ids[i] = d.ID
		}
		s.logger.WarnContext(ctx, "nothing sent", slog.String("scheme", e.Name), slog.String("account", account), slog.Any("err", err))
		return s.store.Postpone(ctx, ids, e.Timing().Backoff, e.Timing().RetryFor, away.Error())
	}
	return err
}

// verified answers those that may be sent: whose bill was seen recently enough, or is seen now.
func (s *batcher) verified(ctx context.Context, e entry, watermark *ledger.Watermark, due []ledger.Due) ([]ledger.Due, error) {
	ready := make([]ledger.Due, 0, len(due))
	var stale []ledger.Due
	for _, d := range due {
		if d.NeedsRead || !s.sendable(e, d) {
			stale = append(stale, d)
		} else {
			ready = append(ready, d)
		}
	}
	if len(stale) == 0 {
		return ready, nil
	}
	holds, err := s.verifier.run(ctx, e, watermark, stale)
	if err != nil {
		return nil, err
	}
	crashpoint.Here(crashpoint.AfterVerify)
	for _, d := range stale {
		if seen, ok := holds[d.ID]; ok {
			d.VerifiedTime, d.NotBefore, d.NeedsRead = seen.ReadTime, seen.NotBefore, false
			ready = append(ready, d)
		}
	}
	return ready, nil
}

// freshFor is how long after the last read of its bill a request for this cancellation may start.
func freshFor(e entry, d ledger.Due) time.Duration {
	if !d.NotBefore.IsZero() {
		return min(rule.FreshFor, e.VerifyAfter)
	}
	return e.VerifyAfter
}

// sendable says whether the last read of the bill leaves time enough to send: a sixth of what there was at least.
func (s *batcher) sendable(e entry, d ledger.Due) bool {
	fresh := freshFor(e, d)
	return s.now().Add(fresh / 6).Before(d.VerifiedTime.Add(fresh))
}

// sendBefore is the last moment at which a request for this cancellation may start.
func (s *batcher) sendBefore(e entry, d ledger.Due) time.Time {
	latest := d.VerifiedTime.Add(freshFor(e, d))
	if soon := s.now().Add(sendWithin); soon.Before(latest) {
		return soon
	}
	return latest
}

// awayError says that the WMS adapter could not be used, and that nothing was handed over to it.
type awayError struct{ reason string }

func (e *awayError) Error() string { return e.reason }
