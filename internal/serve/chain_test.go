package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
)

func testContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

// lines is what a logger wrote.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) all(t *testing.T) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	for text := range strings.Lines(l.text.String()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		out = append(out, line)
	}
	return out
}

// described is a service whose every call comes to what check says.
func described(check func(ctx context.Context) error) *grpc.ServiceDesc {
	unary := func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
		request := &healthv1.HealthCheckRequest{}
		if err := decode(request); err != nil {
			return nil, err
		}
		return chain(ctx, request,
			&grpc.UnaryServerInfo{FullMethod: checkMethod}, func(ctx context.Context, _ any) (any, error) {
				return &healthv1.HealthCheckResponse{}, check(ctx)
			})
	}
	return &grpc.ServiceDesc{
		ServiceName: "test.v1.Test", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Check", Handler: unary}},
		Streams: []grpc.StreamDesc{{StreamName: "Watch", ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				return check(stream.Context())
			}}},
	}
}

const checkMethod, watchMethod = "/test.v1.Test/Check", "/test.v1.Test/Watch"

var errForeseen = errors.New("foreseen")

// start serves a service behind the chain, and answers a connection to it and its log.
func start(t *testing.T, limit time.Duration, check func(ctx context.Context) error) (*grpc.ClientConn, *lines) {
	t.Helper()
	log := &lines{}
	server, err := serve.NewGRPC(serve.GRPCOptions{Chain: serve.Chain{
		Logger: telemetry.NewLogger(log, slog.LevelInfo), UnaryLimit: limit, StreamLimit: limit,
		Needs: map[string]access.Need{checkMethod: {Role: access.Viewer}, watchMethod: {Role: access.Viewer}},
		Status: func(_ context.Context, err error) (error, bool) {
			if errors.Is(err, errForeseen) {
				return status.Error(codes.FailedPrecondition, "foreseen"), false
			}
			if errors.Is(err, context.DeadlineExceeded) {
				return status.Error(codes.DeadlineExceeded, err.Error()), false
			}
			return status.Error(codes.Internal, "inside"), true
		},
	}})
	require.NoError(t, err)
	server.RegisterService(described(check), nil)
	require.NoError(t, server.Listen(t.Context(), "TEST_ADDR", "127.0.0.1:0"))
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve() })
	t.Cleanup(func() { server.Drain(context.Background()); serving.Wait() })
	conn, err := serve.Dial(server.Addr(), serve.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn, log
}

// call asks by a unary call and by a stream.
func call(ctx context.Context, conn *grpc.ClientConn) (unary, streamed error) {
	unary = conn.Invoke(ctx, checkMethod, &healthv1.HealthCheckRequest{}, &healthv1.HealthCheckResponse{})
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, watchMethod)
	if err != nil {
		return unary, err
	}
	if err := errors.Join(stream.SendMsg(&healthv1.HealthCheckRequest{}), stream.CloseSend()); err != nil {
		return unary, err
	}
	return unary, stream.RecvMsg(&healthv1.HealthCheckResponse{})
}

func TestAPanicIsLoggedWithItsCauseAndTheServerGoesOn(t *testing.T) {
	t.Parallel()
	conn, log := start(t, time.Minute, func(context.Context) error { panic("unsaid cause") })
	ctx, cancel := testContext()
	defer cancel()
	for range 2 {
		unary, streamed := call(metadata.AppendToOutgoingContext(ctx, serve.RequestIDKey, "ticket-7"), conn)
		for _, err := range []error{unary, streamed} {
			require.Equal(t, codes.Internal, status.Code(err))
			require.NotContains(t, err.Error(), "unsaid cause")
		}
	}
	told := log.all(t)
	require.NotEmpty(t, told)
	require.Equal(t, "a call panicked", told[0]["msg"])
	require.Equal(t, "unsaid cause", told[0]["err"])
	require.Equal(t, "ticket-7", told[0]["request_id"], "the line had no id, so nobody knew which call it was")
}

func TestAFaultOfOursIsLoggedOnceWithTheCallsID(t *testing.T) {
	t.Parallel()
	conn, log := start(t, time.Minute, func(context.Context) error { return errors.New("column x is missing") })
	ctx, cancel := testContext()
	defer cancel()
	unary, streamed := call(metadata.AppendToOutgoingContext(ctx, serve.RequestIDKey, "ticket-7"), conn)
	for _, err := range []error{unary, streamed} {
		require.Equal(t, codes.Internal, status.Code(err))
		require.NotContains(t, err.Error(), "column")
	}
	told := log.all(t)
	require.Len(t, told, 2, "one for each method: %v", told)
	for i, method := range []string{checkMethod, watchMethod} {
		require.Equal(t, method, told[i]["method"])
		require.Equal(t, "column x is missing", told[i]["err"])
		require.Equal(t, "ticket-7", told[i]["request_id"])
	}
}

// Seventeen seconds without a database were 246 lines: what lasts is told once, and counted.
func TestATroubleThatLastsIsOneLine(t *testing.T) {
	t.Parallel()
	conn, log := start(t, time.Minute, func(context.Context) error { return errForeseen })
	ctx, cancel := testContext()
	defer cancel()
	for range 50 {
		_ = conn.Invoke(ctx, checkMethod, &healthv1.HealthCheckRequest{}, &healthv1.HealthCheckResponse{})
	}
	told := log.all(t)
	require.Len(t, told, 1)
	require.Equal(t, "FailedPrecondition", told[0]["code"])
	require.Equal(t, "unauthenticated", told[0]["caller"])
}

func TestACallIsBoundedAndItsCauseIsTold(t *testing.T) {
	t.Parallel()
	conn, _ := start(t, 20*time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("wait for the vendor: %w", context.Cause(ctx))
	})
	ctx, cancel := testContext()
	defer cancel()
	unary, streamed := call(ctx, conn)
	for _, err := range []error{unary, streamed} {
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.ErrorContains(t, err, "wait for the vendor: ", "the cause, in place of a bare time-out")
		require.ErrorContains(t, err, "over its limit of 20ms")
	}
}

// A tenth is kept of what the caller waits, at least 50 ms and at most 500 ms, and nothing of what is too short anyway.
func TestInner(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{
		time.Hour: time.Hour - 500*time.Millisecond, time.Second: 900 * time.Millisecond,
		300 * time.Millisecond: 250 * time.Millisecond,
		200 * time.Millisecond: 200 * time.Millisecond, time.Millisecond: time.Millisecond,
	} {
		require.Equal(t, want, serve.Inner(given), given)
	}
}

// The id of the call that is being answered goes along to the services that it makes us ask.
func TestTheCallsIDGoesAlong(t *testing.T) {
	t.Parallel()
	var got []string
	behind, _ := start(t, time.Minute, func(ctx context.Context) error {
		got = append(got, telemetry.RequestID(ctx))
		return nil
	})
	front, _ := start(t, time.Minute, func(ctx context.Context) error {
		unary, streamed := call(ctx, behind)
		if status.Code(unary) != codes.OK {
			return unary
		}
		_ = streamed // the stream ends in order
		return nil
	})
	ctx, cancel := testContext()
	defer cancel()
	require.NoError(t, front.Invoke(metadata.AppendToOutgoingContext(ctx, serve.RequestIDKey, "ticket-7"), checkMethod,
		&healthv1.HealthCheckRequest{}, &healthv1.HealthCheckResponse{}))
	require.Equal(t, []string{"ticket-7", "ticket-7"}, got)
}
