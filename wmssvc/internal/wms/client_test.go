package wms

import (
	"bufio"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testClient(t *testing.T, address string, now func() time.Time) *Client {
	t.Helper()
	c := newTestClient(t, address, now, 4)
	t.Cleanup(c.Close)
	return c
}

func newTestClient(tb testing.TB, address string, now func() time.Time, idle int) *Client {
	tb.Helper()
	endpoint, err := url.Parse(address)
	require.NoError(tb, err)
	d, _ := FindDialect("wdt")
	return NewClient(Params{
		Endpoint: endpoint, Dialect: d, Partner: "testsid", AppKey: "testappkey", Secret: "testsecret",
		Timeout: 5 * time.Second, IdleConns: idle, Now: now,
	})
}

func prepared(t *testing.T, c *Client) Request {
	t.Helper()
	r, err := c.Prepare(Order{WarehouseCode: "W", OrderCode: "O", OrderType: "QTRK"})
	require.NoError(t, err)
	return r
}

// Connecting can take longer than the time that was left: the deadline is looked at again when the first byte is about
// to leave, and then not even that byte leaves.
func TestDeadlinePassesWhileConnecting(t *testing.T) {
	t.Parallel()
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
	var checks atomic.Int64
	now := func() time.Time { // on the second check an hour has gone by
		if checks.Add(1) > 1 {
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
	c.Close()
	server.Wait()
	require.Zero(t, got.Load(), "bytes that arrived")
}

func TestContextThatEndsBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	c := testClient(t, "http://127.0.0.1:1/x", time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	exchange := c.Send(ctx, prepared(t, c), time.Now().Add(time.Minute))
	require.Error(t, exchange.Err)
	require.False(t, exchange.Left)
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
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
	c := testClient(t, server.URL+"/x", time.Now)
	for range 20 {
		exchange := c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
		require.NoError(t, exchange.Err)
		require.True(t, exchange.Left)
		require.False(t, exchange.LeftAt.IsZero())
	}
	require.EqualValues(t, 1, connections.Load())
}

// What the kernel refuses has not left; what it took may have, be it in part.
func TestWriteKnowsWhatLeft(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	c := &conn{wire: &countedConn{Conn: here}}
	c.stream = c.wire
	var reader sync.WaitGroup
	reader.Go(func() {
		_, _ = io.CopyN(io.Discard, there, 3)
		_ = there.Close()
	})
	left, err := c.write([]byte("POST"), nil)
	require.Error(t, err)
	require.True(t, left, "three of four bytes did")
	reader.Wait()
	left, err = c.write([]byte("POST"), nil)
	require.Error(t, err)
	require.False(t, left)
	require.NoError(t, here.Close())
}

// tlsClient trusts that server's certificate.
func tlsClient(t *testing.T, server *httptest.Server) *Client {
	t.Helper()
	c := testClient(t, server.URL+"/x", time.Now)
	c.pool.tls.RootCAs = x509.NewCertPool()
	c.pool.tls.RootCAs.AddCert(server.Certificate())
	return c
}

func TestOverTLS(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) == 3 {
			panic(http.ErrAbortHandler) // closes the connection without a reply
		}
		_, _ = io.WriteString(w, "<response><flag>success</flag><message>"+r.Proto+"</message></response>")
	}))
	server.EnableHTTP2 = true
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := tlsClient(t, server)
	for range 2 {
		exchange := c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
		require.NoError(t, exchange.Err)
		answer, err := exchange.Answer()
		require.NoError(t, err)
		require.Equal(t, Answer{Flag: "success", Message: "HTTP/1.1"}, answer)
		require.NotNil(t, exchange.TLS)
	}
	require.EqualValues(t, 1, connections.Load(), "kept, session tickets or not")
	exchange := c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
	require.Error(t, exchange.Err)
	require.True(t, exchange.Left)
	require.EqualValues(t, 3, count.Load(), "and not sent again")
}

// A connection that the server closed while it was idle is not written to: the request takes another.
func TestConnectionsClosedWhileIdleAreLeftAlone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<response><flag>success</flag></response>")
	}))
	t.Cleanup(server.Close)
	c := testClient(t, server.URL+"/x", time.Now)
	for range 20 {
		exchange := c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
		require.NoError(t, exchange.Err)
		server.CloseClientConnections()
	}
}

func TestRepliesThatAreOddHTTP(t *testing.T) {
	t.Parallel()
	const body = "<response><flag>success</flag></response>"
	for name, c := range map[string]struct {
		reply       string
		sound, kept bool
	}{
		"interim replies first": {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
			"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + body, true, true},
		"chunks and a trailer": {
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + body + "\r\n0\r\nX: y\r\n\r\n", true, true,
		},
		"more than was announced": {
			"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + body + "HTTP/1.1 200 OK\r\n", true, false,
		},
		"endless interim replies": {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), false, false},
		"an endless head": {
			"HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Y: "+strings.Repeat("z", 1000)+"\r\n", 2000), false, false,
		},
		"not HTTP":    {body, false, false},
		"a bad chunk": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, false},
		"two lengths": {
			"HTTP/1.1 200 OK\r\nContent-Length: 41\r\nContent-Length: 7\r\n\r\n" + body, false, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			var server sync.WaitGroup
			server.Go(func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, request.Body)
					_, _ = io.WriteString(conn, c.reply)
				}
			})
			client := testClient(t, "http://"+listener.Addr().String()+"/x", time.Now)
			exchange := client.Send(t.Context(), prepared(t, client), time.Now().Add(time.Minute))
			require.True(t, exchange.Left)
			if c.sound {
				require.NoError(t, exchange.Err)
				require.Equal(t, body, string(exchange.Reply))
			} else {
				require.Error(t, exchange.Err)
			}
			require.Equal(t, c.kept, len(client.pool.idle) == 1, "is the connection used again")
			require.NoError(t, listener.Close())
			server.Wait()
		})
	}
}

func TestTheEndOfTheContextCutsAnExchangeOff(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := testClient(t, server.URL+"/x", time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var caller sync.WaitGroup
	caller.Go(func() {
		<-arrived
		cancel()
	})
	exchange := c.Send(ctx, prepared(t, c), time.Now().Add(time.Minute))
	caller.Wait()
	require.Error(t, exchange.Err)
	require.True(t, exchange.Left)
}
