package wms

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const flagOnly = "<response><flag>success</flag></response>"

// dialogue serves each connection with a function, over TLS where a certificate is given, to the end of the test.
func dialogue(t *testing.T, secure *tls.Config, serve func(conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if secure != nil {
				conn = tls.Server(conn, secure)
			}
			group.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().String()
}

// certificate borrows the test server's of the standard library, which names 127.0.0.1, ::1 and example.com.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	// Records as long as they may be, so that one can hold more than one answer.
	return &tls.Config{Certificates: server.TLS.Certificates, DynamicRecordSizingDisabled: true}, roots
}

func takeRequest(reader *bufio.Reader) bool {
	request, err := http.ReadRequest(reader)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err == nil
}

func reply(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func send(t *testing.T, c *Client) Exchange {
	t.Helper()
	return c.Send(t.Context(), prepared(t, c), time.Now().Add(time.Minute))
}

// The failure: a server says the same twice, or says why it closes an idle connection, and the next order is told that
// it was cancelled when nothing is known of it. Over TLS the surplus can hide in the TLS layer (a record longer than
// what was asked for) or come later.
func TestAnswersNobodyAskedForAreNotTakenForTheNext(t *testing.T) {
	t.Parallel()
	long := "<response><flag>failure</flag><message>" + strings.Repeat("x", 10_000) + "</message></response>"
	serverTLS, roots := certificate(t)
	for name, secure := range map[string]*tls.Config{"plain": nil, "TLS": serverTLS} {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, in one go %t", name, together), func(t *testing.T) {
				said, served := make(chan struct{}, 8), atomic.Int64{}
				address := dialogue(t, secure, func(conn net.Conn) {
					reader := bufio.NewReader(conn)
					for takeRequest(reader) {
						if served.Add(1) > 1 {
							_, _ = io.WriteString(conn, reply(long))
							continue
						}
						if together {
							_, _ = io.WriteString(conn, reply(long)+reply(flagOnly))
						} else {
							_, _ = io.WriteString(conn, reply(long))
							_, _ = io.WriteString(conn, reply(flagOnly))
						}
						said <- struct{}{}
					}
				})
				scheme := "http"
				if secure != nil {
					scheme = "https"
				}
				c := testClient(t, scheme+"://"+address+"/x", time.Now)
				if secure != nil {
					c.pool.tls.RootCAs = roots
				}
				for range 3 {
					exchange := send(t, c)
					require.NoError(t, exchange.Err)
					require.Equal(t, long, string(exchange.Reply), "the answer to another request")
					if served.Load() == 1 {
						<-said
					}
				}
				c.Close()
			})
		}
	}
}

// The failure: a server closes an idle TLS connection with its farewell first; bytes are waiting, so it looked alive,
// and the next order was written into it and ended unknown.
func TestTLSConnectionsClosedWhileIdleAreLeftAlone(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, flagOnly)
	}))
	t.Cleanup(server.Close)
	c := tlsClient(t, server)
	for range 20 {
		require.NoError(t, send(t, c).Err)
		server.CloseClientConnections()
	}
}

// The failure: the server says that it will close after a second, and gets a request in the moment it does.
func TestKeepAliveHintsAreHeeded(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": idleTimeout, "timeout=5": idleTimeout,
		"timeout=75, max=100": idleTimeout, "max=99, Timeout=3": 2 * time.Second,
		"timeout=1": 0, "timeout=0": 0, "timeout=-9": 0,
		"timeout=99999999999999999": idleTimeout, "timeout=9999999999": idleTimeout,
	} {
		require.Equal(t, want, idleLimit(http.Header{"Keep-Alive": {header}}), header)
	}
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Keep-Alive", "timeout=1")
		_, _ = io.WriteString(w, flagOnly)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := testClient(t, server.URL+"/x", time.Now)
	require.NoError(t, send(t, c).Err)
	require.NoError(t, send(t, c).Err)
	require.EqualValues(t, 2, connections.Load())
}

// The failure: after 101 the server speaks something else, and the next request is sent into that.
func TestSwitchedProtocolsEndTheConnection(t *testing.T) {
	t.Parallel()
	address := dialogue(t, nil, func(conn net.Conn) {
		if takeRequest(bufio.NewReader(conn)) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	c := testClient(t, "http://"+address+"/x", time.Now)
	exchange := send(t, c)
	require.Equal(t, http.StatusSwitchingProtocols, exchange.Status)
	require.Empty(t, c.pool.idle)
}

// The failure: an answer that comes a byte at a time holds its place for ever, since each byte pushes the end away.
func TestDrippingAnswersEndInTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, drip string }{
		"in the head":   {"HTTP/1.1 200 OK\r\nX: ", "y"},
		"in the body":   {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "y"},
		"until the end": {"HTTP/1.1 200 OK\r\n\r\n", "y"},
		"in chunks":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\ny\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			address := dialogue(t, nil, func(conn net.Conn) {
				if !takeRequest(bufio.NewReader(conn)) {
					return
				}
				_, err := io.WriteString(conn, c.head)
				tick := time.NewTicker(5 * time.Millisecond)
				defer tick.Stop()
				for err == nil {
					<-tick.C
					_, err = io.WriteString(conn, c.drip)
				}
			})
			client := testClient(t, "http://"+address+"/x", time.Now)
			client.timeout = 200 * time.Millisecond
			exchange := send(t, client)
			require.ErrorContains(t, exchange.Err, "no complete answer in time")
			require.True(t, exchange.Left)
			require.Empty(t, client.pool.idle)
		})
	}
}

// The failure: a head may be as long as the longest body.
func TestHeadsAreBoundedApartFromBodies(t *testing.T) {
	t.Parallel()
	for lines, sound := range map[int]bool{50: true, 70: false} {
		address := dialogue(t, nil, func(conn net.Conn) {
			if takeRequest(bufio.NewReader(conn)) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n"+
					strings.Repeat("X-Y: "+strings.Repeat("z", 1000)+"\r\n", lines)+"\r\n"+flagOnly)
			}
		})
		exchange := send(t, testClient(t, "http://"+address+"/x", time.Now))
		if sound {
			require.NoError(t, exchange.Err)
		} else {
			require.ErrorIs(t, exchange.Err, ErrAnswerTooLarge)
		}
	}
}

// The failure: a server answers before it has read the request and closes; what it had read may be the whole order.
func TestEarlyAnswers(t *testing.T) {
	t.Parallel()
	for name, linger := range map[string]bool{"and reads on": true, "and closes": false} {
		t.Run(name, func(t *testing.T) {
			address := dialogue(t, nil, func(conn net.Conn) {
				reader := bufio.NewReaderSize(conn, 16)
				if _, err := reader.ReadString('\n'); err != nil {
					return
				}
				_, _ = io.WriteString(conn,
					"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
				if linger {
					_, _ = io.Copy(io.Discard, reader)
				}
			})
			c := testClient(t, "http://"+address+"/x", time.Now)
			request, err := c.Prepare(Order{
				WarehouseCode: "W", OrderCode: "O",
				OrderType: "QTRK", ExtendProps: map[string]string{"k": strings.Repeat("x", 16<<20)},
			})
			require.NoError(t, err)
			exchange := c.Send(t.Context(), request, time.Now().Add(time.Minute))
			require.True(t, exchange.Left)
			if linger {
				require.NoError(t, exchange.Err)
				require.Equal(t, http.StatusRequestEntityTooLarge, exchange.Status)
			}
			require.Empty(t, c.pool.idle)
		})
	}
}

// The failure: without Accept-Encoding any server may compress, and then a success could not be read.
func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Error("compression was not declined")
		}
		w.Header().Set("Content-Encoding", "gzip")
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, _ = io.WriteString(writer, flagOnly)
		_ = writer.Close()
		_, _ = w.Write(packed.Bytes())
	}))
	t.Cleanup(server.Close)
	exchange := send(t, testClient(t, server.URL+"/x", time.Now))
	require.NoError(t, exchange.Err)
	_, err := exchange.Answer()
	require.ErrorIs(t, err, ErrEncoding)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct{ host, dial, name string }{
		"http://wms.example/x":        {"wms.example", "wms.example:80", ""},
		"http://wms.example:8080/x":   {"wms.example:8080", "wms.example:8080", ""},
		"https://wms.example/x":       {"wms.example", "wms.example:443", "wms.example"},
		"https://[2001:db8::1]/x":     {"[2001:db8::1]", "[2001:db8::1]:443", "2001:db8::1"},
		"http://[fe80::1%25eth0]:9/x": {"[fe80::1]:9", "[fe80::1%eth0]:9", ""},
		"http://[fe80::1%25eth0]/x":   {"[fe80::1]", "[fe80::1%eth0]:80", ""},
	} {
		endpoint, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want.host, hostField(endpoint), address)
		p := newPool(endpoint, nil, 1)
		require.Equal(t, want.dial, p.address)
		if want.name != "" {
			require.Equal(t, want.name, p.tls.ServerName)
			require.False(t, p.tls.InsecureSkipVerify)
			require.EqualValues(t, tls.VersionTLS12, p.tls.MinVersion)
		}
	}
}

// The failures: a certificate for another name, from nobody trusted, or a protocol long broken is accepted.
func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	secure, roots := certificate(t)
	old := secure.Clone()
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	for name, c := range map[string]struct {
		server *tls.Config
		roots  *x509.CertPool
		host   string
		says   string
	}{
		"another name":   {secure, roots, "wms.example", "not wms.example"},
		"nobody trusted": {secure, x509.NewCertPool(), "example.com", "unknown authority"},
		"TLS 1.1":        {old, roots, "example.com", "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			var read atomic.Int64
			address := dialogue(t, c.server, func(conn net.Conn) {
				n, _ := io.Copy(io.Discard, conn)
				read.Add(n)
			})
			client := testClient(t, "https://"+c.host+"/x", time.Now)
			client.pool.address, client.pool.tls.RootCAs = address, c.roots
			exchange := send(t, client)
			require.ErrorContains(t, exchange.Err, c.says)
			require.False(t, exchange.Left)
			require.Zero(t, read.Load())
		})
	}
	t.Run("the right name is sent and accepted", func(t *testing.T) {
		asked := make(chan string, 1)
		named := secure.Clone()
		named.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			asked <- hello.ServerName
			return nil, nil
		}
		address := dialogue(t, named, func(conn net.Conn) {
			if takeRequest(bufio.NewReader(conn)) {
				_, _ = io.WriteString(conn, reply(flagOnly))
			}
		})
		client := testClient(t, "https://example.com/x", time.Now)
		client.pool.address, client.pool.tls.RootCAs = address, roots
		require.NoError(t, send(t, client).Err)
		require.Equal(t, "example.com", <-asked)
	})
}
