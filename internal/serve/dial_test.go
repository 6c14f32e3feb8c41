package serve_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/voidrelay/voidrelay/internal/serve"
)

// asClient makes this binary ask for the health of a server. The proxy of the environment is read once in a process, so
// the client is one of its own.
const asClient = "SERVE_TEST_DIAL"

func TestMain(m *testing.M) {
	if target := os.Getenv(asClient); target != "" {
		os.Exit(askHealth(target))
	}
	goleak.VerifyTestMain(m)
}

func askHealth(target string) int {
	conn, err := serve.Dial(target, serve.DialOptions{})
	if err != nil {
		return 1
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := testContext()
	defer cancel()
	if _, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}); err != nil {
		return 1
	}
	return 0
}

// HTTPS_PROXY is for the way out to the vendors; a call from one program of ours to another went there too.
func TestNoProxyStandsBetweenOurPrograms(t *testing.T) {
	t.Parallel()
	// 0.0.0.0 leads here and is no loopback address, which the environment's proxy would be passed by for.
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	healthv1.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		require.NoError(t, <-served)
	}()
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	met := make(chan struct{}, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := proxy.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			met <- struct{}{}
			_ = conn.Close()
		}
	}()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = []string{
		asClient + "=" + listener.Addr().(*net.TCPAddr).String(), "HTTPS_PROXY=http://" + proxy.Addr().String(),
		"HTTP_PROXY=http://" + proxy.Addr().String(),
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, proxy.Close())
	<-done
	require.NoError(t, err, "%s", out)
	require.Empty(t, met, "the proxy was asked")
}
