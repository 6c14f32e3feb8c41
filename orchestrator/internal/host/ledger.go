package host

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const (
	// checkEvery is how often the ledger is looked at, and checkWithin how long one look may take: a database that
	// hangs is found out by two looks in a row.
	checkEvery  = time.Second
	checkWithin = 2 * time.Second
)

// ledgerTroubles are what keeps a host from using the ledger, at most one at a time.
var ledgerTroubles = []rule.ConditionKind{
	rule.ConditionLedgerAway, rule.ConditionDatabaseReadOnly, rule.ConditionLedgerWentBack,
}

// tryLedger says whether the ledger can be used: it answers, takes what is written, and is not behind what is
// remembered.
func (h *Host) tryLedger(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	if err := ledger.Usable(within, h.cfg.Pool); err != nil {
		return err
	}
	return h.cfg.Memory.Compare(within, h.cfg.Pool)
}

// followLedger looks at the ledger until ctx ends. What it finds is told once when it begins and once when it is over.
func (h *Host) followLedger(ctx context.Context) {
	// failing is when the first of the looks failed that have failed since; slow that the last one came to no end.
	var failing time.Time
	var slow bool
	for wait(ctx, checkEvery, nil) {
		begun := time.Now()
		err := h.tryLedger(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failing, slow = time.Time{}, false
			h.ledgerBack(ctx)
			h.readOthers(ctx)
			h.looked()
			continue
		}
		if failing.IsZero() {
			failing = begun
		}
		// One look that comes to no end may be a machine that is busy.
		if late := errors.Is(err, context.DeadlineExceeded); late && !slow && !h.ledgerAway() {
			slow = true
			continue
		}
		h.ledgerGone(ctx, failing, err)
		h.looked()
	}
}

// ledgerGone notes that the ledger cannot be used, and why.
func (h *Host) ledgerGone(ctx context.Context, since time.Time, cause error) {
	now, detail := rule.ConditionLedgerAway, cause.Error()
	switch {
	case errors.Is(cause, ledger.ErrReadOnly):
		now, detail = rule.ConditionDatabaseReadOnly, ""
	case errors.Is(cause, ledger.ErrWentBack):
		now, detail = rule.ConditionLedgerWentBack, ""
		if lost, known := h.cfg.Memory.Lost(); known {
			detail = lost.Words()
		}
	}
	for _, was := range ledgerTroubles {
		if was == now {
			continue
		}
		if before, ended := h.end(was, ""); ended {
			since = time.Now()
			h.keep(before, since)
		}
	}
	if h.set(ledger.Condition{Kind: now, Host: h.cfg.Name, Detail: detail, Since: since}) {
		h.cfg.Logger.ErrorContext(ctx, "the ledger cannot be used: nothing is read, decided or sent until it can",
			slog.String("condition", string(now)), slog.Any("err", cause))
	}
}

// keep remembers a condition that is over until it can be written.
func (h *Host) keep(c ledger.Condition, end time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.past, h.back = append(h.past, past{c, end}), end
}

// ledgerBack notes that the ledger can be used, and writes what was over before.
func (h *Host) ledgerBack(ctx context.Context) {
	for _, kind := range ledgerTroubles {
		if c, ended := h.end(kind, ""); ended {
			h.keep(c, time.Now())
			h.cfg.Logger.InfoContext(ctx, "the ledger can be used again", slog.String("condition", string(kind)),
				slog.Duration("away", time.Since(c.Since)))
		}
	}
	select {
	case <-h.usable:
	default:
		close(h.usable)
	}
	for {
		h.mu.Lock()
		if len(h.past) == 0 {
			h.mu.Unlock()
			return
		}
		first := h.past[0]
		h.mu.Unlock()
		within, cancel := context.WithTimeout(ctx, checkWithin)
		err := h.conditions.RecordCondition(within, first.condition, first.end, "the ledger can be used again")
		cancel()
		if err != nil {
			return // the next look tries again
		}
		h.mu.Lock()
		h.past = h.past[1:]
		h.mu.Unlock()
	}
}

// readOthers reads what the ledger knows, for those who are told from memory.
func (h *Host) readOthers(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	found, err := h.cfg.Open(within)
	if err != nil {
		return // the next look tells whether the ledger is away
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.others = found
}
