package push

import (
	"context"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// orderTraces makes a span of each request of a batch. It belongs to the trace in which its cancellation was planned,
// so that one trace leads from Kingdee's answer to the WMS's; the batch's own span and it are linked with each other.
// nil traces nothing.
type orderTraces struct {
	tracer trace.Tracer
	batch  trace.SpanContext

	mu   sync.Mutex
	open map[attemptKey]trace.Span
}

// maxLinks bounds the links of a batch's span: a batch has up to 500 orders, and collectors cut long spans off.
const maxLinks = 100

// traceBatch begins the span of a batch, linked with where its cancellations began; done ends it.
func traceBatch(
	ctx context.Context, tracer trace.Tracer, account string, due []ledger.Due,
) (_ context.Context, _ *orderTraces, done func()) {
	if tracer == nil {
		return ctx, nil, func() {}
	}
	var links []trace.Link
	for _, d := range due {
		if place := telemetry.Place(d.Traceparent); place.IsValid() && len(links) < maxLinks {
			links = append(links, trace.Link{
				SpanContext: place, Attributes: []attribute.KeyValue{attribute.Int64("cancellation_id", d.ID)},
			})
		}
	}
	ctx, span := tracer.Start(ctx, "send batch", trace.WithLinks(links...),
		trace.WithAttributes(attribute.String("account", account), attribute.Int("orders", len(due))))
	return ctx, &orderTraces{tracer: tracer, batch: span.SpanContext(), open: make(map[attemptKey]trace.Span)},
		func() { span.End() }
}

// begin opens the span of a request and answers its place, which goes with the order to the WMS adapter.
func (o *orderTraces) begin(d ledger.Due) string {
	if o == nil {
		return ""
	}
	ctx, span := o.tracer.Start(telemetry.Within(context.Background(), d.Traceparent), "cancel order",
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.Link{SpanContext: o.batch}), trace.WithAttributes(
			attribute.String("scheme", d.Scheme), attribute.String("bill_no", d.BillNo),
			attribute.Int64("cancellation_id", d.ID),
			attribute.Int("attempt", d.Attempt), attribute.String("order_type", d.OrderType)))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[attemptKey{d.ID, d.Attempt}] = span
	return telemetry.Traceparent(ctx)
}

// end closes the span of a request with what it came to.
func (o *orderTraces) end(d ledger.Due, result ledger.Result) {
	if o == nil {
		return
	}
	o.mu.Lock()
	span, ok := o.open[attemptKey{d.ID, d.Attempt}]
	delete(o.open, attemptKey{d.ID, d.Attempt})
	o.mu.Unlock()
	if !ok {
		return // it was never handed over
	}
	span.SetAttributes(attribute.String("disposition", string(result.Answer.Disposition)))
	if result.Answer.Disposition == rule.Unknown {
		span.SetStatus(codes.Error, result.Detail)
	}
	span.End()
}

// tellOutcome writes what became of a request: a cancellation that waits for a person now is told, what goes on by
// itself is for debugging.
func tellOutcome(logger *slog.Logger, d ledger.Due, result ledger.Result) {
	ctx, person := context.Background(), result.Next.State == rule.NeedsAttention
	if !person && !logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	ctx = telemetry.Within(ctx, d.Traceparent)
	attrs := []slog.Attr{
		slog.String("scheme", d.Scheme), slog.String("bill_no", d.BillNo),
		slog.Int64("cancellation_id", d.ID), slog.Int("attempt", d.Attempt),
		slog.String("disposition", string(result.Answer.Disposition)), slog.String("state", string(result.Next.State)),
		slog.String("vendor_message", result.VendorMessage), slog.String("detail", result.Detail),
	}
	if person {
		logger.LogAttrs(ctx, slog.LevelInfo, "a cancellation waits for a person", attrs...)
		return
	}
	logger.LogAttrs(ctx, slog.LevelDebug, "request answered", attrs...)
}
