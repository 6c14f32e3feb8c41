package telemetry

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// sameFor is how long a line that says the same as one before is held back.
	sameFor = time.Minute
	// mostLines is how many different lines are remembered; with more, all are forgotten, and told again.
	mostLines = 1000
	// idDigits is how many digits a number by itself has that names something: a bill, not a count of tries.
	idDigits = 5
)

// OnChange answers a logger that tells a trouble once while it lasts: a warning or an error whose message, subject and
// cause equal those of a line of the last minute is counted instead of written, and the next one that is written says
// how many there were, as `repeated`. Lines below warning pass.
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

// fingerprint is what makes two lines the same: the message, the subjects beside it (texts, and numbers that are an id)
// and the cause. A cause is compared without its counts, since ports, tries and times differ from try to try.
func fingerprint(record slog.Record) string {
	var text strings.Builder
	text.WriteString(record.Message)
	record.Attrs(func(attr slog.Attr) bool {
		value := attr.Value.Resolve()
		cause, isError := value.Any().(error)
		switch {
		case isError:
			text.WriteString("\x00" + attr.Key + withoutCounts(cause.Error()))
		case attr.Key == "err" || attr.Key == "error":
			text.WriteString("\x00" + attr.Key + withoutCounts(value.String()))
		case attr.Key == "stack": // tells where; its addresses differ each time
		case value.Kind() == slog.KindString || strings.HasSuffix(attr.Key, "_id"):
			text.WriteString("\x00" + attr.Key + value.String())
		}
		return true
	})
	return text.String()
}

var number = regexp.MustCompile(`[0-9]+`)

// withoutCounts leaves out numbers, but for those that name something: the end of a word, as in ZZCX000154, and a long
// one by itself, as in "bill 100066".
func withoutCounts(text string) string {
	var out strings.Builder
	end := 0
	for _, at := range number.FindAllStringIndex(text, -1) {
		out.WriteString(text[end:at[0]])
		end = at[1]
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[end:])
		alone := at[0] == 0 || unicode.IsSpace(before) || before == '"' || before == '\''
		if unicode.IsLetter(before) || before == '-' ||
			alone && end-at[0] >= idDigits && after != '.' && !unicode.IsLetter(after) {
			out.WriteString(text[at[0]:end])
		}
	}
	out.WriteString(text[end:])
	return out.String()
}

// count says whether this line was told within the last minute, and if not, how often it was held back before.
func (t *told) count(key string, now time.Time) (repeated int, again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.lines[key]
	if !ok {
		t.forget(now)
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

// forget makes room for one line more.
func (t *told) forget(now time.Time) {
	for other, l := range t.lines {
		if now.Sub(l.at) > 10*sameFor {
			delete(t.lines, other)
		}
	}
	if len(t.lines) >= mostLines {
		clear(t.lines)
	}
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
