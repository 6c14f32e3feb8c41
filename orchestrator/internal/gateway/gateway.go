package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/voidrelay/voidrelay/internal/access"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	maxBody   = 1 << 20
	requestID = "X-Request-Id"
)

// New makes the REST face of the orchestrator that conn leads to, which is of the server's own way and stays the
// caller's. ready answers GET /readyz; it takes no call of that connection, which bears so many at once: the
// orchestrator is not to seem dead while it is busy. door is the server's: it says who makes a request, and that is
// handed over. local says that only this machine can and may call: then only its own names are taken as Host. Each
// request is a span of tracers, and its calls are parts of it.
func New(
	ctx context.Context, conn *grpc.ClientConn, ready http.HandlerFunc, door *access.Door, local bool,
	tracers trace.TracerProvider,
) (http.Handler, error) {
	mux := newMux()
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		orchestratorv1.RegisterSchemeServiceHandler,
		orchestratorv1.RegisterRunServiceHandler,
		orchestratorv1.RegisterCancellationServiceHandler,
		orchestratorv1.RegisterWorkServiceHandler,
		orchestratorv1.RegisterBillServiceHandler,
		orchestratorv1.RegisterStatusServiceHandler,
		orchestratorv1.RegisterEventServiceHandler,
		orchestratorv1.RegisterLedgerServiceHandler,
	} {
		if err := register(ctx, mux, conn); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	traced := otelhttp.NewHandler(&front{mux: mux, ready: ready, door: door, guard: newGuard(local)}, "REST",
		otelhttp.WithTracerProvider(tracers),
		otelhttp.WithPropagators(propagation.TraceContext{}), otelhttp.WithMeterProvider(noop.NewMeterProvider()),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "REST " + r.Method }))
	return http.MaxBytesHandler(traced, maxBody), nil
}

// parseStrictly sets the library's query parser, which is one for the whole process whatever mux it is handed to:
// setting it for each mux would race with requests on another.
var parseStrictly = sync.OnceFunc(func() { runtime.NewServeMux(runtime.SetQueryParameterParser(strictQuery{})) })

func newMux() *runtime.ServeMux {
	parseStrictly()
	return runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &strictJSON{runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true},
		}}),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllCharacters),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
			return access.HandOver(r.Context())
		}),
		runtime.WithErrorHandler(writeError),
		runtime.WithRoutingErrorHandler(writeRoutingError),
		runtime.WithIncomingHeaderMatcher(func(key string) (string, bool) {
			if textproto.CanonicalMIMEHeaderKey(key) == requestID {
				return requestID, true
			}
			return runtime.DefaultHeaderMatcher(key)
		}),
		runtime.WithOutgoingHeaderMatcher(func(key string) (string, bool) {
			return requestID, textproto.CanonicalMIMEHeaderKey(key) == requestID
		}),
	)
}
