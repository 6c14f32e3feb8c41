package wmssvc_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// twoFaced is one address at which two servers answer, a sandbox and a real WMS, each with its own certificate, as
// behind a name that leads to both: a connection is the real one's if it began after that was switched on. With
// closing, every connection ends behind its answer.
func twoFaced(t *testing.T, closing bool) (address, bundle string, sandboxed, real *changing, switched *atomic.Bool) {
	t.Helper()
	sandboxed, real, switched = &changing{}, &changing{}, &atomic.Bool{}
	real.real.Store(true)
	behind := func(handler http.Handler) (string, tls.Certificate) {
		_, _, pair := certificate(t)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if closing {
				w.Header().Set("Connection", "close")
			}
			handler.ServeHTTP(w, r)
		}))
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.Listener.Addr().String(), pair
	}
	first, firstPair := behind(sandboxed)
	second, secondPair := behind(real)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			to := first
			if switched.Load() {
				to = second
			}
			group.Go(func() { join(conn, to) })
		}
	})
	return "https://" + listener.Addr().String() + "/x", bundleOf(t, firstPair, secondPair), sandboxed, real, switched
}

// join hands a connection on until either end closes it.
func join(conn net.Conn, to string) {
	behind, err := net.Dial("tcp", to)
	if err != nil {
		_ = conn.Close()
		return
	}
	var group sync.WaitGroup
	for _, way := range [][2]net.Conn{{conn, behind}, {behind, conn}} {
		group.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
	group.Wait()
}

// The failure: a real server that had shown itself seconds ago counted as seen, so it got the cancels of a caller who
// had been told of the sandbox since.
func TestAPeerThatWasSeenAsAnotherKindGetsNoCancel(t *testing.T) {
	t.Parallel()
	for name, closing := range map[string]bool{"kept connections": false, "closed connections": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, bundle, _, real, switched := twoFaced(t, closing)
			cfg := limited(address, 8)
			cfg.Accounts[0].CAFile = bundle
			_, client := start(t, cfg)
			for round := range int64(4) {
				switched.Store(false)
				real.refuse.Store(true) // so that kept connections to the real server end
				for announcedOf(t, client) != wmsv1.Environment_ENVIRONMENT_SANDBOX {
					continue
				}
				real.refuse.Store(false)
				var streams []wmsv1.OrderService_CancelOrdersClient
				for range 3 {
					stream, window := open(t, t.Context(), client)
					require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, window.GetAccount().GetEnvironment())
					streams = append(streams, stream)
				}
				switched.Store(true)
				for i, stream := range streams {
					came := cancelMany(t, stream, 1+1000*round+100*int64(i), 39)
					require.Equal(t, 39, came[done]+came[notSent], "%v", came)
				}
				cancelOne(t, client, order(9000+round))
				require.Zero(t, real.cancels.Load(), "round %d", round)
			}
		})
	}
}

// announcedOf is what the server shows now.
func announcedOf(t *testing.T, client wmsv1.OrderServiceClient) wmsv1.Environment {
	t.Helper()
	checked, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
	require.NoError(t, err)
	return checked.GetAccount().GetEnvironment()
}
