package telemetry

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// sameFor is how long a line that says the same as one before is held back.
const sameFor = time.Minute

// OnChange answers a logger that tells a trouble once while it lasts: a warning or an error whose message, subject and cause
// equal those of a line of the last minute is counted instead of written, and the next one that is written says how many
// there were, as `repeated`. Lines below warning pass.
func OnChange(logger *slog.Logger) *slog.Logger {
	return slog.New(&onChange{Handler: logger.Handler(), told: &told{lines: make(map[string]*line)}, now: time.Now})
}

type onChange struct {
	slog.Handler
	told *told
	// bound are the attributes of the logger itself: the same words about another subject are another trouble.
	bound string
	now   func() time.Time
}

type told struct {
	mu    sync.Mutex
	lines map[string]*line
}

type line struct {
	at       time.Time
	repeated int
}

// Handle implements slog.Handler.
func (h *onChange) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelWarn {
		return h.Handler.Handle(ctx, record)
	}
	repeated, again := h.told.count(h.bound+fingerprint(record), h.now())
	if again {
		return nil
	}
	if repeated > 0 {
		record = record.Clone()
		record.AddAttrs(slog.Int("repeated", repeated))
	}
	return h.Handler.Handle(ctx, record)
}

// fingerprint is what makes two lines the same: the message, the subjects beside it (texts, and numbers that are an id) and the
// cause. A cause is compared without its digits, since ports, counts and times differ from try to try.
func fingerprint(record slog.Record) string {
	var text strings.Builder
	text.WriteString(record.Message)
	record.Attrs(func(attr slog.Attr) bool {
		value := attr.Value.Resolve()
		cause, isError := value.Any().(error)
		switch {
		case isError:
			text.WriteString("\x00" + attr.Key + withoutDigits(cause.Error()))
		case attr.Key == "err" || attr.Key == "error":
			text.WriteString("\x00" + attr.Key + withoutDigits(value.String()))
		case value.Kind() == slog.KindString || strings.HasSuffix(attr.Key, "_id"):
			text.WriteString("\x00" + attr.Key + value.String())
		}
		return true
	})
	return text.String()
}

func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// count says whether this line was told within the last minute, and if not, how often it was held back before.
func (t *told) count(key string, now time.Time) (repeated int, again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for other, l := range t.lines {
		if other != key && now.Sub(l.at) > 10*sameFor {
			delete(t.lines, other)
		}
	}
	l, ok := t.lines[key]
	if !ok {
		t.lines[key] = &line{at: now}
		return 0, false
	}
	if now.Sub(l.at) < sameFor {
		l.repeated++
		return 0, true
	}
	repeated = l.repeated
	*l = line{at: now}
	return repeated, false
}

// WithAttrs implements slog.Handler.
func (h *onChange) WithAttrs(attrs []slog.Attr) slog.Handler {
	bound := h.bound
	for _, attr := range attrs {
		bound += attr.String() + "\x00"
	}
	return &onChange{Handler: h.Handler.WithAttrs(attrs), told: h.told, bound: bound, now: h.now}
}

// WithGroup implements slog.Handler.
func (h *onChange) WithGroup(name string) slog.Handler {
	return &onChange{Handler: h.Handler.WithGroup(name), told: h.told, bound: h.bound + name + "\x00", now: h.now}
}
