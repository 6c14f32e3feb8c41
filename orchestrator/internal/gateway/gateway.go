package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/klauspost/compress/gzhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway/viewer"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	maxBody = 1 << 20
	// leastZipped is how many bytes a reply has that is worth compressing.
	leastZipped = 1 << 10
	requestID   = "X-Request-Id"
)

// Options are what a REST face is made of.
type Options struct {
	// Conn leads to the orchestrator by the server's own way; it stays the caller's.
	Conn *grpc.ClientConn
	// Streams is another such connection, for calls that last: they take none of Conn's places.
	Streams *grpc.ClientConn
	// Ready answers GET /readyz. It takes no call of Conn, which bears so many at once: the orchestrator is not to seem
	// dead while it is busy.
	Ready http.HandlerFunc
	// Door is the server's: it says who makes a request, and that is handed over.
	Door *access.Door
	// Local says that only this machine can and may call: then only its own names are taken as Host.
	Local bool
	// Tracers make a span of each request; its calls are parts of it.
	Tracers trace.TracerProvider
	// Logger is told of requests.
	Logger *slog.Logger
	// Pace bounds each caller; the zero value is the usual pace.
	Pace Pace
	// Origins are the web pages that may call from a browser, such as https://board.example.com; none by default.
	Origins []string
}

// New makes the REST face of the orchestrator.
func New(ctx context.Context, o Options) (http.Handler, error) {
	guard, err := newGuard(o.Local, o.Origins)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	f := &front{ready: o.Ready, door: o.Door, guard: guard, pacer: newPacer(o.Pace)}
	f.events = orchestratorv1.NewEventServiceClient(o.Streams)
	f.mux = f.newMux()
	for _, register := range []func(context.Context, *runtime.ServeMux, grpc.ClientConnInterface) error{
		registers(orchestratorv1.NewSchemeServiceClient, orchestratorv1.RegisterSchemeServiceHandlerClient),
		registers(orchestratorv1.NewRunServiceClient, orchestratorv1.RegisterRunServiceHandlerClient),
		registers(orchestratorv1.NewCancellationServiceClient, orchestratorv1.RegisterCancellationServiceHandlerClient),
		registers(orchestratorv1.NewWorkServiceClient, orchestratorv1.RegisterWorkServiceHandlerClient),
		registers(orchestratorv1.NewBillServiceClient, orchestratorv1.RegisterBillServiceHandlerClient),
		registers(orchestratorv1.NewStatusServiceClient, orchestratorv1.RegisterStatusServiceHandlerClient),
		registers(orchestratorv1.NewEventServiceClient, orchestratorv1.RegisterEventServiceHandlerClient),
		registers(orchestratorv1.NewLedgerServiceClient, orchestratorv1.RegisterLedgerServiceHandlerClient),
	} {
		if err := register(ctx, f.mux, keyed{o.Conn}); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	// In place of what is generated for a stream, which knows neither server-sent events nor whose right it is.
	if err := f.mux.HandlePath(http.MethodGet, streamPath, f.stream); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(leastZipped), gzhttp.ContentTypes(zippedTypes))
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	f.zipped = zip(f.mux)
	f.document = zip(http.HandlerFunc(openAPI))
	f.viewer = zip(http.HandlerFunc(viewer.ServeHTTP))
	traced := otelhttp.NewHandler(f, "REST",
		otelhttp.WithTracerProvider(o.Tracers),
		otelhttp.WithPropagators(propagation.TraceContext{}), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "REST " + r.Method }))
	return &entry{logger: o.Logger, next: guard.shared(http.MaxBytesHandler(traced, maxBody))}, nil
}

var zippedTypes = []string{"application/json", "text/html", "text/javascript", "text/css"}

// parseStrictly sets the library's query parser, which is one for the whole process whatever mux it is handed to:
// setting it for each mux would race with requests on another.
var parseStrictly = sync.OnceFunc(func() { runtime.NewServeMux(runtime.SetQueryParameterParser(strictQuery{})) })

func (f *front) newMux() *runtime.ServeMux {
	parseStrictly()
	return runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &strictJSON{runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true},
		}}),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllCharacters),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithMiddlewares(probed),
		runtime.WithForwardResponseOption(tagged),
		runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
			return access.HandOver(r.Context())
		}),
		runtime.WithErrorHandler(writeError),
		runtime.WithRoutingErrorHandler(f.writeRoutingError),
		runtime.WithIncomingHeaderMatcher(func(key string) (string, bool) {
			if textproto.CanonicalMIMEHeaderKey(key) == requestID {
				return "", false // the connection hands it over; twice it would count as none
			}
			return runtime.DefaultHeaderMatcher(key)
		}),
		// The one that could be of use, X-Request-Id, is there already.
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
	)
}
