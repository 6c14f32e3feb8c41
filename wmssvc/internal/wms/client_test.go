package wms

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testClient(t *testing.T, address string, now func() time.Time) *Client {
	t.Helper()
	endpoint, err := url.Parse(address)
	require.NoError(t, err)
	d, _ := FindDialect("wdt")
	c := NewClient(Params{
		Endpoint: endpoint, Dialect: d, Partner: "testsid", AppKey: "testappkey", Secret: "testsecret",
		Timeout: 5 * time.Second, IdleConns: 4, Now: now,
	})
	t.Cleanup(c.Close)
	return c
}

func prepared(t *testing.T, c *Client) Request {
	t.Helper()
	r, err := c.Prepare(Order{WarehouseCode: "W", OrderCode: "O", OrderType: "QTRK"})
	require.NoError(t, err)
	return r
}

// Connecting can take longer than the time that was left: the deadline is looked at again when the first byte is about to
// leave, and then not even that byte leaves.
func TestDeadlinePassesWhileConnecting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var got atomic.Int64
	var server sync.WaitGroup
	server.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		n, _ := io.Copy(io.Discard, conn)
		got.Store(n)
	})
	began := time.Now()
	var looks atomic.Int64
	now := func() time.Time { // on the second look an hour has gone by
		if looks.Add(1) > 1 {
			return began.Add(time.Hour)
		}
		return began
	}
	c := testClient(t, "http://"+listener.Addr().String()+"/x", now)
	exchange := c.Send(t.Context(), prepared(t, c), began.Add(time.Minute))
	require.True(t, exchange.TooLate(), "%v", exchange.Err)
	require.False(t, exchange.Left)
	require.True(t, exchange.LeftAt.IsZero())
	require.NoError(t, listener.Close())
	server.Wait()
	require.Zero(t, got.Load(), "bytes that arrived")
}

func TestContextThatEndsBeforeTheFirstByte(t *testing.T) {
	c := testClient(t, "http://127.0.0.1:1/x", time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	exchange := c.Send(ctx, prepared(t, c), time.Now().Add(time.Minute))
	require.Error(t, exchange.Err)
	require.False(t, exchange.Left)
}

func TestConnectionsAreReused(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<response><flag>success</flag></response>")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := testClient(t, server.URL, time.Now)
	for range 20 {
		exchange := c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
		require.NoError(t, exchange.Err)
		require.True(t, exchange.Left)
		require.False(t, exchange.LeftAt.IsZero())
	}
	require.EqualValues(t, 1, connections.Load())
}

// A sealed connection lets nothing pass any more, and a request that had begun cannot be called not sent.
func TestSeal(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	var reader sync.WaitGroup
	reader.Go(func() { _, _ = io.Copy(io.Discard, there) })
	c := &watchedConn{Conn: here, now: time.Now}
	_, err := c.Write([]byte("handshake"))
	require.NoError(t, err)

	c.arm(time.Now().Add(time.Minute))
	_, err = c.Write([]byte("P"))
	require.NoError(t, err)
	require.True(t, c.seal())

	c.arm(time.Now().Add(time.Minute))
	require.False(t, c.seal())
	require.False(t, c.seal())
	_, err = c.Write([]byte("P"))
	require.ErrorIs(t, err, errSealed)

	c.arm(time.Now().Add(-time.Minute))
	_, err = c.Write([]byte("P"))
	require.ErrorIs(t, err, errTooLate)
	require.False(t, c.seal())

	require.NoError(t, there.Close())
	reader.Wait()
	c.arm(time.Now().Add(time.Minute))
	_, err = c.Write([]byte("P"))
	require.Error(t, err)
	require.False(t, c.seal(), "the kernel took nothing")
}
