// Package metrics shows how kingdeesvc's vendor is doing: requests and failures by class, latency, sessions, the
// queue, the circuit and the difference between the vendor's clock and ours; and it makes a span of each request
// to the vendor.
//
// It promises that measuring never fails or holds up a call. What the figures mean for alarms is left to operators.
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
	"github.com/voidrelay/voidrelay/kingdeesvc/internal/kingdee"
)

// Metrics implements kingdee.Observer.
type Metrics struct {
	tracer   trace.Tracer
	requests metric.Int64Counter
	duration metric.Float64Histogram
	turn     metric.Float64Histogram
}

// seconds are the bounds of the histograms: from a good answer to the longest time-out.
var seconds = metric.WithExplicitBucketBoundaries(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120)

// New builds the instruments. stats is asked at each scrape.
func New(t *telemetry.Telemetry, stats func() kingdee.Stats) (*Metrics, error) {
	m := &Metrics{tracer: t.Tracer("kingdeesvc")}
	meter := t.Meters.Meter("kingdeesvc")
	var err error
	if m.requests, err = meter.Int64Counter("kingdee.requests",
		metric.WithDescription(
			"Requests to Kingdee by method and outcome: ok, or the class of the failure.",
		)); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if m.duration, err = meter.Float64Histogram("kingdee.request.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("How long Kingdee took to answer, by method.")); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if m.turn, err = meter.Float64Histogram("kingdee.turn.wait", metric.WithUnit("s"), seconds,
		metric.WithDescription("How long calls waited for a session and for the pace (KINGDEE_RATE).")); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return m, gauges(meter, stats)
}

func gauges(meter metric.Meter, stats func() kingdee.Stats) error {
	for name, g := range map[string]struct {
		about, unit string
		value       func(kingdee.Stats) (float64, bool)
	}{
		"kingdee.sessions": {
			"Sessions open at Kingdee.", "", func(s kingdee.Stats) (float64, bool) { return float64(s.Sessions), true },
		},
		"kingdee.queue": {
			"Calls that wait for a session or for the pace.", "",
			func(s kingdee.Stats) (float64, bool) { return float64(s.Queued), true },
		},
		"kingdee.circuit": {"0 closed, 1 half open, 2 open: nothing is sent because the last calls failed alike.", "",
			func(s kingdee.Stats) (float64, bool) { return float64(s.Circuit), true }},
		"kingdee.clock.skew": {"Kingdee's clock (HTTP Date) less ours; absent until an answer had one.", "s",
			func(s kingdee.Stats) (float64, bool) { return s.Skew.Seconds(), s.HasSkew }},
	} {
		_, err := meter.Float64ObservableGauge(name, metric.WithDescription(g.about), metric.WithUnit(g.unit),
			metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
				if value, known := g.value(stats()); known {
					o.Observe(value)
				}
				return nil
			}))
		if err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return nil
}

// Request implements kingdee.Observer.
func (m *Metrics) Request(ctx context.Context, method, outcome string, took time.Duration) {
	m.requests.Add(ctx, 1,
		metric.WithAttributes(attribute.String("method", method), attribute.String("outcome", outcome)))
	m.duration.Record(ctx, took.Seconds(), metric.WithAttributes(attribute.String("method", method)))
	// The request is over by now, so its span is written in retrospect.
	ended := time.Now()
	_, span := m.tracer.Start(ctx, "Kingdee "+method,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(ended.Add(-took)),
		trace.WithAttributes(attribute.String("kingdee.method", method), attribute.String("kingdee.outcome", outcome)))
	if outcome != "ok" {
		span.SetStatus(codes.Error, outcome)
	}
	span.End(trace.WithTimestamp(ended))
}

// Turn implements kingdee.Observer.
func (m *Metrics) Turn(ctx context.Context, waited time.Duration) {
	m.turn.Record(ctx, waited.Seconds())
}
