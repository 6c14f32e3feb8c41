package worker

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/riverqueue/rivercontrib/otelriver"
	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// traced makes River count jobs and trace them: what a call asked for goes on in the call's trace, through every job
// that follows. A batch begins a trace of its own, whose orders are linked with theirs.
func traced(t *telemetry.Telemetry) []rivertype.Middleware {
	if t == nil {
		return []rivertype.Middleware{&named{}}
	}
	library := otelriver.NewMiddleware(&otelriver.MiddlewareConfig{
		EnableTracePropagation: true, EnableWorkSpanJobKindSuffix: true,
		MeterProvider: t.Meters, TracerProvider: t.Tracers,
	})
	if !t.Traced {
		return []rivertype.Middleware{&named{}, library}
	}
	return []rivertype.Middleware{&named{}, &goOn{}, library}
}

// goOn puts a job into the trace of whoever inserted it; the library by itself would only link the two.
type goOn struct{ river.MiddlewareDefaults }

// Work implements rivertype.WorkerMiddleware.
func (*goOn) Work(ctx context.Context, job *rivertype.JobRow, inner func(context.Context) error) error {
	var kept struct {
		Traceparent string `json:"traceparent"`
	}
	// Metadata that cannot be read hold no trace.
	_ = json.Unmarshal(job.Metadata, &kept)
	switch {
	case job.Kind == queue.BatchArgs{}.Kind():
	case kept.Traceparent != "":
		ctx = telemetry.Within(ctx, kept.Traceparent)
	case upkeep[job.Kind]:
		ctx = unsampled(ctx)
	}
	return inner(ctx)
}

// upkeep are jobs that run every second or so and mostly find nothing: nobody reads their traces.
var upkeep = map[string]bool{
	queue.DispatchArgs{}.Kind(): true, queue.ProbeArgs{}.Kind(): true, queue.TidyArgs{}.Kind(): true,
	queue.BackfillsArgs{}.Kind(): true,
}

// unsampled begins a trace that is not kept.
func unsampled(ctx context.Context) context.Context {
	var config trace.SpanContextConfig
	_, _ = rand.Read(config.TraceID[:])
	_, _ = rand.Read(config.SpanID[:])
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(config))
}

// tracerOf makes the spans of our own work; nil where nothing is traced.
func tracerOf(t *telemetry.Telemetry) trace.Tracer {
	if t == nil || !t.Traced {
		return nil
	}
	return t.Tracer("orchestrator")
}
