package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"sync"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const (
	maxBody    = 1 << 20
	maxMessage = 64 << 20
	requestID  = "X-Request-Id"
)

// New makes the REST face of the orchestrator that serves gRPC at grpcAddr (any gRPC target). It connects when the first call
// comes; dialOptions must name the transport credentials. local says that only this machine can and may call: then only its own
// names are taken as Host. Closing ends the connection, calls under way with it.
func New(ctx context.Context, grpcAddr string, local bool, dialOptions ...grpc.DialOption) (http.Handler, io.Closer, error) {
	options := append([]grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))}, dialOptions...)
	conn, err := grpc.NewClient(grpcAddr, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("gateway: dial: %w", err)
	}
	mux := newMux()
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		orchestratorv1.RegisterSchemeServiceHandler,
		orchestratorv1.RegisterRunServiceHandler,
		orchestratorv1.RegisterCancellationServiceHandler,
		orchestratorv1.RegisterBillServiceHandler,
	} {
		if err := register(ctx, mux, conn); err != nil {
			_ = conn.Close()
			return nil, nil, fmt.Errorf("gateway: %w", err)
		}
	}
	return http.MaxBytesHandler(&front{mux: mux, conn: conn, guard: newGuard(local)}, maxBody), conn, nil
}

// parseStrictly sets the library's query parser, which is one for the whole process whatever mux it is handed to: setting it for each
// mux would race with requests on another.
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

// Server bounds what a caller can take of us: each step of a request has its limit, and headers their size.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}
