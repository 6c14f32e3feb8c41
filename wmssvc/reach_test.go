package wmssvc_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// A WMS that did not answer any more was seen nowhere: health said SERVING while every request came to nothing.
func TestHealthFollowsTheWMS(t *testing.T) {
	var gone atomic.Bool
	wms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		always(answerNotFound)(w, r)
	}))
	t.Cleanup(wms.Close)
	cfg := configFor(wms.URL)
	cfg.ProbeEvery = 10 * time.Millisecond
	server, client := start(t, cfg)
	watch := watchHealth(t, server.Addr(), "wms.v1.OrderService")
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, <-watch)

	require.Equal(t, notFound, cancelOne(t, client, order(9)).GetDisposition(), "it has shown what it is")
	gone.Store(true)
	require.Equal(t, unknown, cancelOne(t, client, order(1)).GetDisposition())
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING,
		<-watch, "an attempt and the harmless call got no answer")
	gone.Store(false)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, <-watch, "the harmless call was answered again")
}

// One order that the WMS chokes on is that order's own trouble.
func TestHealthIsNotOneOrdersTrouble(t *testing.T) {
	wms := newVendor(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	cfg := configFor(wms.URL)
	cfg.ProbeEvery = 10 * time.Millisecond
	server, client := start(t, cfg)
	watch := watchHealth(t, server.Addr(), "")
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, <-watch)
	require.Equal(t, unknown, cancelOne(t, client, order(1)).GetDisposition())
	_, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
	require.NoError(t, err)
	select {
	case status := <-watch:
		t.Fatalf("health turned to %s although the harmless call is answered", status)
	case <-time.After(100 * time.Millisecond):
	}
}

// watchHealth tells each change of a service's health.
func watchHealth(t *testing.T, addr, service string) <-chan healthv1.HealthCheckResponse_ServingStatus {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	stream, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{Service: service})
	require.NoError(t, err)
	changes := make(chan healthv1.HealthCheckResponse_ServingStatus, 10)
	go func() {
		defer close(changes)
		for {
			response, err := stream.Recv()
			if err != nil {
				return
			}
			changes <- response.GetStatus()
		}
	}()
	return changes
}
