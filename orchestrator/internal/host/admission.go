package host

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// askAdmission finds out whether an adapter that answers lets this host in, and tells where it does not: then nothing
// is verified or handed to it, so that no request of a vendor's is spent on what cannot be done.
func (h *Host) askAdmission(ctx context.Context, a *adapter) {
	if a.admission == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, askWithin)
	err := a.admission(within)
	cancel()
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied:
		h.adapterRefuses(ctx, a, err)
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		// Nobody knows: it stays as it was.
	default:
		h.adapterAdmits(ctx, a)
	}
}

func (h *Host) refusalOf(a *adapter) ledger.Condition {
	return ledger.Condition{Kind: rule.ConditionAdapterRefused, Host: h.cfg.Name, Reason: a.name}
}

func (h *Host) adapterRefuses(ctx context.Context, a *adapter, cause error) {
	c := h.refusalOf(a)
	c.Since, c.Detail = time.Now(), status.Convert(cause).Message()
	if h.set(c) {
		h.cfg.Logger.WarnContext(ctx, "an adapter does not let this host in", slog.String("adapter", a.name),
			slog.Any("err", cause))
	}
	if h.ledgerAway() {
		return
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	a.refusalWritten = true
	_, _ = h.conditions.OpenCondition(within, c) // the next question tries again
}

func (h *Host) adapterAdmits(ctx context.Context, a *adapter) {
	if c, ended := h.end(rule.ConditionAdapterRefused, a.name); ended {
		h.cfg.Logger.InfoContext(ctx, "the adapter lets this host in again", slog.String("adapter", a.name),
			slog.Duration("refused", time.Since(c.Since)))
	}
	if !a.refusalWritten || h.ledgerAway() {
		return
	}
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	if _, err := h.conditions.EndCondition(within, h.refusalOf(a), "the adapter lets this host in"); err == nil {
		a.refusalWritten = false
	}
}
