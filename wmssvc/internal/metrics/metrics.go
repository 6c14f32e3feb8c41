// Package metrics shows how wmssvc and its WMS are doing: requests by what they came to, how long the WMS took, and how long
// requests waited for their turn; and it makes a span of each request to the WMS.
//
// It promises that measuring never fails or holds up a request. What the figures mean for alarms is left to operators.
package metrics

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
)

// Metrics implements rpc.Observer.
type Metrics struct {
	tracer   trace.Tracer
	requests metric.Int64Counter
	duration metric.Float64Histogram
}

// seconds are the bounds of the histogram: from a good answer to the longest time-out.
var seconds = metric.WithExplicitBucketBoundaries(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120)

// New builds the instruments.
func New(t *telemetry.Telemetry) (*Metrics, error) {
	m := &Metrics{tracer: t.Tracer("wmssvc")}
	meter := t.Meters.Meter("wmssvc")
	var err error
	if m.requests, err = meter.Int64Counter("wms.requests",
		metric.WithDescription("Requests to the WMS by account and by what they came to.")); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if m.duration, err = meter.Float64Histogram("wms.request.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("How long the WMS took to answer whole, by account.")); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return m, nil
}

// Asked implements rpc.Observer.
func (m *Metrics) Asked(ctx context.Context, account string, result *account.Result) {
	name := attribute.String("account", account)
	m.requests.Add(ctx, 1, metric.WithAttributes(name, attribute.String("disposition", string(result.Disposition))))
	left, ended := result.Exchange.LeftAt, result.Exchange.RepliedAt
	if !ended.IsZero() {
		m.duration.Record(ctx, ended.Sub(left).Seconds(), metric.WithAttributes(name))
	}
	if left.IsZero() {
		return // nothing was asked
	}
	if ended.IsZero() {
		ended = time.Now()
	}
	// The exchange is over by now, so its span is written in retrospect.
	_, span := m.tracer.Start(ctx, "WMS cancel", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(left),
		trace.WithAttributes(name, attribute.String("wms.disposition", string(result.Disposition)),
			attribute.Int("http.response.status_code", result.Exchange.Status)))
	if result.Disposition == dictionary.Unknown {
		span.SetStatus(codes.Error, result.Detail)
	}
	span.End(trace.WithTimestamp(ended))
}
