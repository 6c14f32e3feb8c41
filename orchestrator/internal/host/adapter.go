package host

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/watched"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const (
	// askEvery is how often an adapter is asked for its health, askWithin how long it may take, and askAgain how soon
	// it is asked a second time: one that is restarted is not away.
	askEvery  = 3 * time.Second
	askWithin = 2 * time.Second
	askAgain  = time.Second
)

// adapter is one that this host needs.
type adapter struct {
	name        string
	pulse, work *grpc.ClientConn
	// admission asks whether the adapter lets us in; nil does not ask.
	admission func(context.Context) error
	// failed says that the last question got no answer, since when none did.
	failed bool
	since  time.Time
	// told is what it said is the matter with its files when it last answered.
	told atomic.Pointer[[]watched.Finding]
	// written says that the ledger may have the condition open: it does after a crash.
	written bool
	// refusalWritten is the same of adapter_refused.
	refusalWritten bool
}

// followAdapter asks an adapter for its health until ctx ends, at once when its connection breaks or
// is made. Any answer will do: an adapter that says that it cannot serve is there, and what ails it is another
// condition.
func (h *Host) followAdapter(ctx context.Context, a *adapter) {
	broken := make(chan struct{}, 1)
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		for state := a.pulse.GetState(); a.pulse.WaitForStateChange(ctx, state); state = a.pulse.GetState() {
			if state != connectivity.Ready && a.pulse.GetState() != connectivity.Ready {
				continue
			}
			select {
			case broken <- struct{}{}:
			default: // it is known already
			}
		}
	}()
	for pause := time.Duration(0); wait(ctx, pause, broken); {
		begun := time.Now()
		err := a.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		pause = askEvery
		switch {
		case err == nil:
			a.failed = false
			h.adapterBack(ctx, a)
			h.askAdmission(ctx, a)
		case !a.failed:
			a.failed, a.since = true, begun
			pause = askAgain
		default:
			h.adapterGone(ctx, a, err)
		}
		h.looked()
	}
}

// ask answers nil if the adapter answered.
func (a *adapter) ask(ctx context.Context) error {
	if a.failed {
		// Both would else try again after a pause that grows to two minutes.
		a.pulse.ResetConnectBackoff()
		a.work.ResetConnectBackoff()
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	var header metadata.MD
	_, err := healthv1.NewHealthClient(a.pulse).Check(ctx, &healthv1.HealthCheckRequest{}, grpc.Header(&header))
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return err
	}
	a.told.Store(new(FoundIn(header)))
	return nil
}

func (h *Host) conditionOf(a *adapter) ledger.Condition {
	return ledger.Condition{Kind: rule.ConditionAdapterAway, Host: h.cfg.Name, Reason: a.name}
}

func (h *Host) adapterGone(ctx context.Context, a *adapter, cause error) {
	c := h.conditionOf(a)
	c.Since, c.Detail = a.since, status.Convert(cause).Message()
	if h.set(c) {
		h.cfg.Logger.WarnContext(ctx, "an adapter is not reached", slog.String("adapter", a.name),
			slog.Any("err", cause))
	}
	if h.ledgerAway() {
		return
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	a.written = true
	_, _ = h.conditions.OpenCondition(within, c) // the next question tries again
}

func (h *Host) adapterBack(ctx context.Context, a *adapter) {
	if c, ended := h.end(rule.ConditionAdapterAway, a.name); ended {
		h.cfg.Logger.InfoContext(ctx, "the adapter is reached again", slog.String("adapter", a.name),
			slog.Duration("away", time.Since(c.Since)))
	}
	if !a.written || h.ledgerAway() {
		return
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	if _, err := h.conditions.EndCondition(within, h.conditionOf(a), "the adapter answers"); err == nil {
		a.written = false
	}
}
