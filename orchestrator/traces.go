package orchestrator

import (
	"context"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/internal/telemetry"
)

// statements traces what is asked of Postgres as a part of something that is traced; nil where nothing is.
func statements(t *telemetry.Telemetry) pgx.QueryTracer {
	if !t.Traced {
		return nil
	}
	return within{otelpgx.NewTracer(otelpgx.WithTracerProvider(t.Tracers),
		otelpgx.WithDisableConnectionDetailsInAttributes(),
		otelpgx.WithDisableAcquireTracer())}
}

// within leaves out statements that belong to no trace: the queue alone asks several times a second whether there is
// work.
type within struct{ pgx.QueryTracer }

// TraceQueryStart implements pgx.QueryTracer.
func (w within) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx
	}
	return context.WithValue(w.QueryTracer.TraceQueryStart(ctx, conn, data), begun{}, true)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (w within) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	if ctx.Value(begun{}) != nil {
		w.QueryTracer.TraceQueryEnd(ctx, conn, data)
	}
}

// begun marks a context whose statement has a span of its own.
type begun struct{}
