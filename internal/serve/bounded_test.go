package serve_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/internal/serve"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// The failure: 800 idle connections were accepted, and any number more.
func TestOneConnectionTooManyIsClosedAndTheOthersGoOn(t *testing.T) {
	turnedAway := make(chan net.Addr, 100)
	listener := serve.Bounded(listen(t), 2, func(from net.Addr) { turnedAway <- from })
	server := serve.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "here")
	}), slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	answers := func(conn net.Conn) bool {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		first := make([]byte, 1)
		_, err := conn.Read(first)
		return err == nil
	}
	first, second := connect(t, listener.Addr().String()), connect(t, listener.Addr().String())
	require.True(t, answers(first))
	require.True(t, answers(second))
	third := connect(t, listener.Addr().String())
	require.False(t, answers(third), "it is closed")
	require.Equal(t, third.LocalAddr().String(), (<-turnedAway).String())
	require.True(t, answers(first))
	require.NoError(t, second.Close())
	require.Eventually(t, func() bool { return answers(connect(t, listener.Addr().String())) }, time.Minute,
		10*time.Millisecond, "there is room again")
	require.NoError(t, server.Close())
	require.ErrorIs(t, <-done, http.ErrServerClosed)
}

func TestWhoSendsARequestBitByBitIsCutOff(t *testing.T) {
	for name, begun := range map[string]string{
		"headers": "GET / HTTP/1.1\r\nHost: local", "nothing": "",
		"a body": "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
	} {
		server := serve.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
		}), slog.New(slog.DiscardHandler))
		for _, bound := range []*time.Duration{
			&server.ReadHeaderTimeout, &server.ReadTimeout, &server.WriteTimeout, &server.IdleTimeout,
		} {
			require.NotZero(t, *bound)
			*bound /= 1000
		}
		listener := listen(t)
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		conn := connect(t, listener.Addr().String())
		_, err := io.WriteString(conn, begun)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, conn)
		require.NoError(t, err, "%s: the server ends it", name)
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	}
}

// A connection that nobody uses ends, and one on which somebody waits for news does not.
func TestAConnectionWithoutACallEndsAndAWatchGoesOn(t *testing.T) {
	server, err := serve.NewGRPC(serve.GRPCOptions{
		Chain: serve.Chain{Logger: slog.New(slog.DiscardHandler)}, Unused: 20 * time.Millisecond,
	})
	require.NoError(t, err)
	require.NoError(t, server.Listen(t.Context(), "ADDR", "127.0.0.1:0"))
	server.SetHealth(false)
	done := make(chan error, 1)
	go func() { done <- server.Serve() }()
	dial := func() *grpc.ClientConn {
		conn, err := grpc.NewClient(server.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	watch, err := healthv1.NewHealthClient(dial()).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	news, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, news.GetStatus())
	unused := dial()
	_, err = healthv1.NewHealthClient(unused).Check(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	for state := unused.GetState(); state != connectivity.Idle; state = unused.GetState() {
		require.True(t, unused.WaitForStateChange(t.Context(), state))
	}
	server.SetHealth(true)
	news, err = watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, news.GetStatus())
	server.Drain(context.Background())
	require.NoError(t, <-done)
}
