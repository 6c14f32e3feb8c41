// Package metrics shows how wmssvc and its WMS are doing: requests by what they came to, how long the WMS took, and how
// long requests waited for their turn; and it makes a span of each request to the WMS.
//
// It promises that measuring never fails or holds up a request. What the figures mean for alarms is left to operators.
package metrics

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
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
	// traced says that spans go anywhere.
	traced bool
	// sets are the attributes of all figures so far: making them out anew for each request would cost more than
	// to count it.
	sets atomic.Pointer[map[figure]set]
}

// figure is what a request is counted under; without a disposition, timed.
type figure struct {
	account     string
	disposition dictionary.Disposition
}

// set is the attributes of a figure, in the forms in which they are handed over.
type set struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// seconds are the bounds of the histogram: from a good answer to the longest time-out.
var seconds = metric.WithExplicitBucketBoundaries(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 120)

// New builds the instruments.
func New(t *telemetry.Telemetry) (*Metrics, error) {
	m := &Metrics{tracer: t.Tracer("wmssvc"), traced: t.Traced}
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
	m.requests.Add(ctx, 1, m.set(figure{account, result.Disposition}).add...)
	left, ended := result.Exchange.LeftAt, result.Exchange.RepliedAt
	if !ended.IsZero() {
		m.duration.Record(ctx, ended.Sub(left).Seconds(), m.set(figure{account: account}).record...)
	}
	if m.traced && !left.IsZero() {
		m.trace(ctx, account, result)
	}
}

// trace writes the span of an exchange, which is over by now, in retrospect.
func (m *Metrics) trace(ctx context.Context, account string, result *account.Result) {
	left, ended := result.Exchange.LeftAt, result.Exchange.RepliedAt
	if ended.IsZero() {
		ended = time.Now()
	}
	_, span := m.tracer.Start(ctx, "WMS cancel", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(left),
		trace.WithAttributes(attribute.String("account", account),
			attribute.String("wms.disposition", string(result.Disposition)),
			attribute.Int("http.response.status_code", result.Exchange.Status)))
	if result.Disposition == dictionary.Unknown {
		span.SetStatus(codes.Error, result.Detail)
	}
	span.End(trace.WithTimestamp(ended))
}

// set answers the attributes of a figure.
func (m *Metrics) set(f figure) set {
	known := m.sets.Load()
	if known != nil {
		if found, ok := (*known)[f]; ok {
			return found
		}
	}
	attributes := []attribute.KeyValue{attribute.String("account", f.account)}
	if f.disposition != "" {
		attributes = append(attributes, attribute.String("disposition", string(f.disposition)))
	}
	option := metric.WithAttributeSet(attribute.NewSet(attributes...))
	made := set{add: []metric.AddOption{option}, record: []metric.RecordOption{option}}
	more := map[figure]set{f: made}
	if known != nil {
		maps.Copy(more, *known)
	}
	// Whoever is overtaken makes it out again next time.
	m.sets.CompareAndSwap(known, &more)
	return made
}
