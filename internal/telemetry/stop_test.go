package telemetry

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A service whose collector took the connection and then said nothing needed ten seconds to stop, and ended
// with status 1.
func TestACollectorThatDoesNotAnswerFailsNoStop(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var accepting sync.WaitGroup
	accepting.Go(func() {
		var silent []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			silent = append(silent, conn)
		}
		for _, conn := range silent {
			_ = conn.Close()
		}
	})
	defer accepting.Wait()
	defer func() { _ = listener.Close() }()
	for endpoint, protocol := range map[string]string{
		"http://" + listener.Addr().String(): overHTTP, "http://127.0.0.1:1": overGRPC,
	} {
		service, err := New(t.Context(), "test", Settings{Endpoint: endpoint, Protocol: protocol})
		require.NoError(t, err)
		_, span := service.Tracer("test").Start(t.Context(), "a call")
		span.End()
		require.NoError(t, service.Stop(context.Background()), endpoint)
	}
}
