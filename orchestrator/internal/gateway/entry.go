package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// entry names each request before anything looks at it, so that every answer bears the id, and writes its line.
type entry struct {
	logger *slog.Logger
	next   http.Handler
}

// ServeHTTP takes the caller's id, if it is a sane one, or makes one, as the gRPC server would.
func (e *entry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	given := r.Header.Values(requestID)
	own := len(given) == 1 && serve.SaneRequestID(given[0])
	id := serve.NewRequestID()
	if own {
		id = given[0]
	}
	r.Header.Set(requestID, id)
	w.Header().Set(requestID, id)
	line := &line{caller: access.Nobody}
	ctx := context.WithValue(telemetry.WithRequestID(r.Context(), id), lineKey{}, line)
	told := &toldWriter{ResponseWriter: w, status: http.StatusOK}
	e.next.ServeHTTP(told, r.WithContext(ctx))

	e.logger.LogAttrs(ctx, levelOf(told.status, own), "request",
		slog.String("http_method", clip(r.Method)), slog.String("path", clip(r.URL.EscapedPath())),
		slog.String("caller", line.caller), slog.Int("status", told.status),
		slog.Duration("seconds", time.Since(begun)))
}

// levelOf says how loud a line is: whoever chose an id means to look for it. Of who is not let in the door tells, and
// of who calls too often nobody wants as many lines.
func levelOf(status int, own bool) slog.Level {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusTooManyRequests:
		return slog.LevelDebug
	case own || status >= http.StatusBadRequest:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// longestTold bounds what a line repeats of a request.
const longestTold = 300

func clip(text string) string {
	if len(text) <= longestTold {
		return text
	}
	return text[:longestTold] + "…"
}

type lineKey struct{}

// line is what only those inside learn of a request.
type line struct{ caller string }

// noteCaller tells the line who asks, once he is known.
func noteCaller(ctx context.Context) {
	if line, ok := ctx.Value(lineKey{}).(*line); ok {
		line.caller = access.Asker(ctx)
	}
}

// toldWriter remembers the status of an answer.
type toldWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *toldWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *toldWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
