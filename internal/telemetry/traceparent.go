package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the header's name: https://www.w3.org/TR/trace-context/#traceparent-header.
const traceparent = "traceparent"

// Traceparent is the context's place in its trace, as a row or a message keeps it; empty where nothing is traced.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagator.Inject(ctx, carrier)
	return carrier[traceparent]
}

// Within puts what follows into the trace that a kept traceparent names. Without a valid one the context is as it was.
func Within(ctx context.Context, kept string) context.Context {
	if place := Place(kept); place.IsValid() {
		return trace.ContextWithRemoteSpanContext(ctx, place)
	}
	return ctx
}

// Place reads a kept traceparent; one that is not valid is no place at all.
func Place(kept string) trace.SpanContext {
	if kept == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{traceparent: kept}
	return trace.SpanContextFromContext(propagator.Extract(context.Background(), carrier))
}
