package gateway_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/orchestrator/internal/gateway"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rpc"
	"github.com/voidrelay/voidrelay/orchestrator/internal/store"
	"github.com/voidrelay/voidrelay/orchestrator/internal/storetest"
)

var update = flag.Bool("update", false, "rewrite the expected replies")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(storetest.With(m, func(ctx context.Context, url string) error {
		_, err := store.Migrate(ctx, url)
		return err
	}))
}

// face is an orchestrator as callers see it: gRPC and REST over a database of its own, through the production interceptors.
type face struct {
	rows    rowtest.DB
	conn    *grpc.ClientConn
	health  *health.Server
	rest    *httptest.Server
	starter *starter
	gate    *gate
	server  *grpc.Server
}

// starter remembers which passes were asked for.
type starter struct {
	mu    sync.Mutex
	asked []string
}

func (s *starter) StartPass(_ context.Context, scheme string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, scheme)
	return nil
}

// gate refuses one scheme, or all of them.
type gate struct{ shut atomic.Bool }

func (g *gate) CanSend(scheme string) error {
	if scheme == "halted" || g.shut.Load() {
		return errors.New("it is stopped")
	}
	return nil
}

func setup(t *testing.T, auth rpc.Authenticator) *face {
	t.Helper()
	pool, err := store.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	f := &face{rows: rowtest.New(t, pool), health: health.NewServer(), starter: &starter{}, gate: &gate{}}

	options, err := rpc.ServerOptions(rpc.ChainConfig{Logger: slog.New(slog.DiscardHandler), Auth: auth})
	require.NoError(t, err)
	f.server = grpc.NewServer(options...)
	ledger := store.New(pool)
	rpc.Register(f.server, rpc.Deps{Reader: ledger, Operator: ledger, Starter: f.starter, Gate: f.gate})
	grpc_health_v1.RegisterHealthServer(f.server, f.health)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { _ = f.server.Serve(listener) })
	t.Cleanup(func() { f.server.Stop(); serving.Wait() })

	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	f.conn, err = grpc.NewClient(listener.Addr().String(), plain)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.conn.Close() })
	handler, closer, err := gateway.New(t.Context(), listener.Addr().String(), true, plain)
	require.NoError(t, err)
	t.Cleanup(func() { _ = closer.Close() })
	f.rest = httptest.NewUnstartedServer(nil)
	f.rest.Config = gateway.Server(handler)
	f.rest.Start()
	t.Cleanup(f.rest.Close)
	return f
}

// call sends one HTTP request; target is "GET /path".
func (f *face) call(t *testing.T, target, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	method, path, ok := strings.Cut(target, " ")
	require.True(t, ok, target)
	request, err := http.NewRequestWithContext(t.Context(), method, f.rest.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for key, values := range header {
		request.Header[key] = values
	}
	response, err := f.rest.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(content)
}

// seed fills a database with a little of everything.
func seed(rows rowtest.DB) {
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "halted", StopReason: "DATA_CENTER_DIFFERS", NoMark: true})
	rows.Scheme(rowtest.Scheme{Scheme: "trial", Mode: "observe"})
	rows.Pass(rowtest.Pass{Kind: "baseline", Funnel: `{"rows": 9, "rows_of_bills": 9, "bills": 4, "live": 4}`})
	rows.Pass(rowtest.Pass{Funnel: `{"rows": 3, "rows_of_bills": 3, "bills": 2, "voided": 2, "legs": 3, "legs_new": 3}`})
	rows.Pass(rowtest.Pass{Error: "kingdeesvc: UNAVAILABLE"})

	rows.Bill(rowtest.Bill{ID: 1, No: "ZZCX000001", Image: true})
	done := rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "ZZCX000001", State: "done", Disposition: "cancelled", Attempt: 2})
	rows.Attempt(rowtest.Attempt{CancellationID: done, Attempt: 1, Disposition: "unknown", Request: []byte("<request/>"), Reply: []byte{}})
	rows.Attempt(rowtest.Attempt{
		CancellationID: done, Attempt: 2, Disposition: "cancelled", Recognised: true, VendorMessage: "取消成功",
		Request: []byte("<request/>"), Reply: []byte("<flag>success</flag>\x00\xff"),
	})
	late := rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "ZZCX000001", Warehouse: "WH02", State: "parked", Disposition: "too_late", VendorMessage: "单据已完成", Attempt: 1,
	})
	rows.Work(rowtest.Work{Kind: "too_late", BillID: 1, BillNo: "ZZCX000001", CancellationID: late, Detail: "单据已完成"})

	rows.Bill(rowtest.Bill{ID: 2, No: "ZZCX/2026/2"})
	rows.Cancellation(rowtest.Cancellation{BillID: 2, BillNo: "ZZCX/2026/2", State: "held"})
	rows.Work(rowtest.Work{Kind: "brake_tripped", Detail: "101 > 100"})
	rows.Bill(rowtest.Bill{ID: 3, No: "组装 100%", Class: "live"})
	rows.Bill(rowtest.Bill{ID: 3, No: "组装 100%", Scheme: "trial", Class: "live"})
	rows.Work(rowtest.Work{Kind: "bill_undecodable", BillNo: "ZZCX%2F9", Subject: "FAffairType"})
	rows.Work(rowtest.Work{Kind: "rejected", BillID: 3, BillNo: "组装 100%", Closed: "settled"})
	rows.Bill(rowtest.Bill{ID: 4, No: "ZZCX000004", Scheme: "trial"})
	rows.Cancellation(rowtest.Cancellation{BillID: 4, BillNo: "ZZCX000004", Scheme: "trial"})
	rows.Bill(rowtest.Bill{ID: 5, No: "a//b"})
	rows.Work(rowtest.Work{Kind: "scheme_stopped", Scheme: "halted", Subject: "DATA_CENTER_DIFFERS"})
}
