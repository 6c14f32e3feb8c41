package rpc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/proto/apierr"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// billReader answers with what a test says.
type billReader struct {
	Reader
	answer func(ctx context.Context) ([]ledger.BillView, error)
}

func (b billReader) BillViews(ctx context.Context, _, _ string) ([]ledger.BillView, error) {
	return b.answer(ctx)
}

// dial serves the production chain in front of a reader, and answers a client and what was logged.
func dial(
	t *testing.T, timeout time.Duration, answer func(ctx context.Context) ([]ledger.BillView, error),
) (orchestratorv1.BillServiceClient, func() string) {
	t.Helper()
	var mu sync.Mutex
	var lines bytes.Buffer
	logger := telemetry.NewLogger(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return lines.Write(p)
	}), slog.LevelInfo)
	chain := Chain(logger)
	if timeout != 0 {
		chain.UnaryLimit = timeout
	}
	server, err := serve.NewGRPC(serve.GRPCOptions{Chain: chain})
	require.NoError(t, err)
	Register(server, Deps{Reader: billReader{answer: answer}})
	listener := bufconn.Listen(1 << 16)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Server.Serve(listener) })
	t.Cleanup(func() { server.Drain(context.Background()); serving.Wait() })
	conn, err := grpc.NewClient("passthrough:///bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return orchestratorv1.NewBillServiceClient(conn), func() string {
		mu.Lock()
		defer mu.Unlock()
		return lines.String()
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

var anyBill = &orchestratorv1.GetBillRequest{BillNo: "ZZCX1"}

func requireReason(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	info := apierr.Info(err, apierr.Orchestrator)
	require.NotNil(t, info, "%v", err)
	require.Equal(t, reason, info.GetReason())
}

func TestAPanicIsAnInternalFaultAndTheServerGoesOn(t *testing.T) {
	panics := true
	client, logged := dial(t, 0, func(context.Context) ([]ledger.BillView, error) {
		if panics {
			panic("unsaid cause")
		}
		return []ledger.BillView{{BillNo: "ZZCX1"}}, nil
	})
	_, err := client.GetBill(t.Context(), anyBill)
	requireReason(t, err, codes.Internal, "INTERNAL")
	require.NotContains(t, err.Error(), "unsaid cause")
	require.Contains(t, logged(), "unsaid cause")
	panics = false
	_, err = client.GetBill(t.Context(), anyBill)
	require.NoError(t, err)
}

func TestTheCauseOfAnUnknownErrorIsInTheLogOnly(t *testing.T) {
	client, logged := dial(t, 0,
		func(context.Context) ([]ledger.BillView, error) { return nil, errors.New("column x is missing") })
	_, err := client.GetBill(metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "trace-7"), anyBill)
	requireReason(t, err, codes.Internal, "INTERNAL")
	require.NotContains(t, err.Error(), "column")
	require.Contains(t, logged(), "column x is missing")
	require.Contains(t, logged(), `"request_id":"trace-7"`)
}

func TestAStatusOfAnotherServiceDoesNotLeak(t *testing.T) {
	client, _ := dial(t, 0, func(context.Context) ([]ledger.BillView, error) {
		return nil, status.Error(codes.NotFound, "kingdee says")
	})
	_, err := client.GetBill(t.Context(), anyBill)
	requireReason(t, err, codes.Internal, "INTERNAL")
}

func TestACallIsBoundedAndSaysSo(t *testing.T) {
	wait := func(ctx context.Context) ([]ledger.BillView, error) {
		<-ctx.Done()
		return nil, errors.New("the query was cut off")
	}
	t.Run("by the server, without a deadline of the caller's", func(t *testing.T) {
		client, logged := dial(t, 20*time.Millisecond, wait)
		_, err := client.GetBill(t.Context(), anyBill)
		requireReason(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")
		require.Empty(t, logged(), "it is no fault of ours")
	})
	t.Run("a little before the caller's deadline, so that the caller hears why", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		callers, _ := ctx.Deadline()
		client, _ := dial(t, 2*time.Hour, func(ctx context.Context) ([]ledger.BillView, error) {
			ours, _ := ctx.Deadline()
			require.True(t, ours.Before(callers))
			return []ledger.BillView{{BillNo: "ZZCX1"}}, nil
		})
		_, err := client.GetBill(ctx, anyBill)
		require.NoError(t, err)
	})
}
