package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/stats"
)

// Telemetry is what one service measures and traces with. Several of them live in one process side by side.
type Telemetry struct {
	// Registry is what a scrape shows; a service may register collectors of its own.
	Registry *prometheus.Registry
	// Meters make instruments that end up in Registry.
	Meters metric.MeterProvider
	// Tracers make spans; they cost nothing where no endpoint is set.
	Tracers trace.TracerProvider
	// Traced says that spans are recorded and sent.
	Traced bool

	meters *sdkmetric.MeterProvider
	spans  *sdktrace.TracerProvider
	sender *otlptrace.Exporter
}

// New begins to measure for this service. It does not wait for the collector of traces; one that is away
// costs its spans.
func New(ctx context.Context, service string, s Settings) (*Telemetry, error) {
	t := &Telemetry{Registry: prometheus.NewRegistry(), Tracers: noop.NewTracerProvider()}
	reader, err := exporter.New(exporter.WithRegisterer(t.Registry), exporter.WithoutScopeInfo(),
		exporter.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	t.Meters = t.meters
	t.Registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(service))
	if s.Endpoint == "" {
		return t, nil
	}
	if t.sender, err = s.exporter(ctx); err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	about := resource.NewSchemaless(semconv.ServiceName(service), semconv.ServiceVersion(ReadBuild().Version))
	if extra, err := resource.New(ctx, resource.WithFromEnv()); err == nil {
		// OTEL_RESOURCE_ATTRIBUTES may add to it; the service's name is ours.
		if merged, err := resource.Merge(extra, about); err == nil {
			about = merged
		}
	}
	t.spans = sdktrace.NewTracerProvider(sdktrace.WithBatcher(t.sender), sdktrace.WithResource(about))
	t.Tracers, t.Traced = t.spans, true
	return t, nil
}

func (s Settings) exporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if s.Protocol == overGRPC {
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(s.Endpoint))
	}
	// The base URL of all signals; traces have their own path below it.
	return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(s.Endpoint, "/")+"/v1/traces"))
}

// buildInfo is a gauge that is always 1; its labels say which program runs.
func buildInfo(service string) prometheus.Collector {
	build := ReadBuild()
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "voidrelay_build_info", Help: "1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{
			"service": service, "version": build.Version, "revision": build.Revision, "go_version": build.GoVersion,
		},
	})
	gauge.Set(1)
	return gauge
}

// propagator carries a trace from process to process: https://www.w3.org/TR/trace-context/.
var propagator = propagation.TraceContext{}

// ServerStats measures and traces the calls that a gRPC server answers, of the methods that there are as has says: a
// caller may ask for any name, and what he asks for is nobody else's to read.
func (t *Telemetry) ServerStats(has func(method string) bool) stats.Handler {
	return otelgrpc.NewServerHandler(append(t.grpcOptions(),
		otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool { return has(info.FullMethodName) }))...)
}

// ClientStats measures and traces the calls that a gRPC client makes.
func (t *Telemetry) ClientStats() stats.Handler {
	return otelgrpc.NewClientHandler(t.grpcOptions()...)
}

func (t *Telemetry) grpcOptions() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithMeterProvider(t.Meters), otelgrpc.WithTracerProvider(t.Tracers),
		otelgrpc.WithPropagators(propagator),
	}
}

// Tracer makes the spans of one part of the service.
func (t *Telemetry) Tracer(name string) trace.Tracer { return t.Tracers.Tracer(name) }

// lastSpans is how long a stop waits for a collector to take what is left. A collector that hangs would hold it up for
// ten seconds.
const lastSpans = 2 * time.Second

// Stop sends what is left and ends. A collector that does not take it costs its spans, and is no fault of the
// service that stops.
func (t *Telemetry) Stop(ctx context.Context) error {
	if t.spans != nil {
		last, cancel := context.WithTimeout(ctx, lastSpans)
		defer cancel()
		if err := t.spans.Shutdown(last); err != nil {
			// cuts off what hangs
			otel.Handle(fmt.Errorf("the last spans: %w", errors.Join(err, t.sender.Shutdown(last))))
		}
	}
	return t.meters.Shutdown(ctx)
}
