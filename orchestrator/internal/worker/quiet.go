package worker

import (
	"context"
	"log/slog"
	"time"
)

// quietFor is how long a complaint of the queue is held back until it is known whether the ledger is away: longer than
// whoever watches the ledger needs to find out.
const quietFor = 6 * time.Second

// quiet is the log of the queue library. Its info lines tell nothing that an operator asked for. While the ledger is
// away each of its parts complains at every try, twelve lines a second in all, of what whoever watches the ledger tells
// once: such lines are dropped. A complaint while the ledger works is told, a little later than it came.
func quiet(logger *slog.Logger, away func(since time.Time) bool) *slog.Logger {
	if away == nil {
		away = func(time.Time) bool { return false }
	}
	return slog.New(quietHandler{logger.Handler(), away})
}

type quietHandler struct {
	slog.Handler

	away func(since time.Time) bool
}

// Enabled implements slog.Handler.
func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h quietHandler) Handle(ctx context.Context, record slog.Record) error {
	kept := record.Clone()
	time.AfterFunc(quietFor, func() {
		if !h.away(kept.Time.Add(-quietFor)) {
			_ = h.Handler.Handle(context.WithoutCancel(ctx), kept) // there is nobody to tell
		}
	})
	return nil
}

// WithAttrs implements slog.Handler.
func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs), h.away}
}

// WithGroup implements slog.Handler.
func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name), h.away}
}
