package wmssvc_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

const (
	notSent = wmsv1.Disposition_DISPOSITION_NOT_SENT
	unknown = wmsv1.Disposition_DISPOSITION_UNKNOWN
	done    = wmsv1.Disposition_DISPOSITION_CANCELLED
)

// requireNotSent and requireUnknown hold what goes with each: a time of sending exactly when something left.
func requireNotSent(t *testing.T, r *wmsv1.CancelResult) {
	t.Helper()
	require.Equal(t, notSent, r.GetDisposition(), r.GetDetail())
	require.Nil(t, r.GetSendTime())
	require.Nil(t, r.GetReplyTime())
	require.NotEmpty(t, r.GetDetail())
	require.NotContains(t, r.GetDetail(), "testappkey")
}

func requireUnknown(t *testing.T, r *wmsv1.CancelResult) {
	t.Helper()
	require.Equal(t, unknown, r.GetDisposition(), r.GetDetail())
	require.NotNil(t, r.GetSendTime())
	require.NotEmpty(t, r.GetDetail())
	require.NotContains(t, r.GetDetail(), "testappkey")
}

func TestNothingLeftWhereThereIsNoConnection(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	plain := newRude(t, func(conn *net.TCPConn) {
		_, _ = bufio.NewReader(conn).ReadByte()
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	hangsUp := newRude(t, reset)
	silent := newRude(t, func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = nil
	t.Cleanup(stranger.Close)

	for name, url := range map[string]string{
		"connection refused":                "http://" + closed.Addr().String() + "/x",
		"no such host":                      "http://wms.invalid/x",
		"TLS: the server does not speak it": "https://" + plain.host() + "/x",
		"TLS: dropped in the handshake":     "https://" + hangsUp.host() + "/x",
		"TLS: time-out in the handshake":    "https://" + silent.host() + "/x",
		"TLS: unknown authority":            stranger.URL + "/x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := configFor(url)
			cfg.Accounts[0].Timeout = 500 * time.Millisecond
			_, client := start(t, cfg)
			result := cancelOne(t, client, order(1))
			requireNotSent(t, result)
			require.Equal(t, wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE, result.GetNotSentCause())
			check, err := client.CheckConnection(t.Context(), &wmsv1.CheckConnectionRequest{})
			require.NoError(t, err)
			require.Equal(t, notSent, check.GetDisposition())
			require.Equal(t, wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE, check.GetNotSentCause())
		})
	}
}

// Each byte of the request is the last one the WMS reads before it drops the connection, once.
func TestConnectionDroppedAtEachByteOfTheRequest(t *testing.T) {
	t.Parallel()
	var length atomic.Int64
	measure := newRude(t, known(func(conn *net.TCPConn) {
		counted := &counter{r: conn}
		_, _ = readRequest(bufio.NewReaderSize(counted, 1))
		length.Store(counted.n.Load())
	}))
	_, client := start(t, configFor("http://"+measure.host()+"/x"))
	requireUnknown(t, cancelOne(t, client, order(1)))
	require.Greater(t, length.Load(), int64(400))

	var stop atomic.Int64
	wms := newRude(t, known(func(conn *net.TCPConn) {
		_, _ = io.CopyN(io.Discard, conn, stop.Load())
		reset(conn)
	}))
	cfg := configFor("http://" + wms.host() + "/x")
	unlimited := 0.0
	cfg.Accounts[0].Rate = &unlimited
	_, client = start(t, cfg)
	for at := int64(1); at <= length.Load(); at++ {
		stop.Store(at)
		requireUnknown(t, cancelOne(t, client, order(at)))
	}
}

type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Dropped as soon as it was accepted, the connection may or may not have taken the request: either answer can be the
// truth, but it must fit the rest of the result.
func TestConnectionDroppedOnAccept(t *testing.T) {
	t.Parallel()
	wms := newRude(t, reset)
	_, client := start(t, configFor("http://"+wms.host()+"/x"))
	for id := int64(1); id <= 5; id++ {
		result := cancelOne(t, client, order(id))
		if result.GetDisposition() == notSent {
			requireNotSent(t, result)
		} else {
			requireUnknown(t, result)
		}
	}
}

// The answer ends after each of its bytes; only the whole one says what happened.
func TestConnectionDroppedAtEachByteOfTheAnswer(t *testing.T) {
	t.Parallel()
	const body = "<response><flag>success</flag><code>0</code><message>旺店通WMS返回：取消成功</message></response>"
	for name, head := range map[string]string{
		"with a length": fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n",
			len(body)),
		"until the end":        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n",
		"as HTTP/1.0 would be": "HTTP/1.0 200 OK\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := head + body
			var stop atomic.Int64
			wms := newRude(t, known(func(conn *net.TCPConn) {
				if _, err := readRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, answer[:stop.Load()])
				}
			}))
			cfg := configFor("http://" + wms.host() + "/x")
			unlimited := 0.0
			cfg.Accounts[0].Rate = &unlimited
			_, client := start(t, cfg)
			for at := range len(answer) {
				stop.Store(int64(at))
				requireUnknown(t, cancelOne(t, client, order(1)))
			}
			stop.Store(int64(len(answer)))
			require.Equal(t, done, cancelOne(t, client, order(1)).GetDisposition())
		})
	}
}

func TestAnswersThatSayNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"502 HTML", replied(http.StatusBadGateway, "<html>Bad Gateway</html>")},
		{"500 with a success in it", replied(http.StatusInternalServerError, answerDone)},
		{"404 HTML", replied(http.StatusNotFound, "<html>Not Found</html>")},
		{"400 with a success in it", replied(http.StatusBadRequest, answerDone)},
		{"204", replied(http.StatusNoContent, "")},
		{"empty 200", replied(http.StatusOK, "")},
		{"a redirect with an answer in it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
			_, _ = io.WriteString(w, answerDone)
		}},
		{"no flag", always("<response><code>0</code><message>OK</message></response>")},
		{"nearly a flag", always("<response><flag>Success</flag></response>")},
		{"document type", always("<!DOCTYPE response>" + "<response><flag>success</flag></response>")},
		{"larger than 1 MiB", always("<response><flag>success</flag><message>" + strings.Repeat("x",
			1<<20) + "</message></response>")},
		{"larger than 1 MiB, chunked", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w,
				"<response><flag>success</flag><message>"+strings.Repeat("x", 1<<20)+"</message></response>")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wms := newVendor(t, c.answer)
			_, client := start(t, configFor(wms.URL))
			result := cancelOne(t, client, order(1))
			requireUnknown(t, result)
			require.False(t, result.GetRecognised())
			require.LessOrEqual(t, len(result.GetReply()), 16<<10)
			require.Len(t, wms.seen(), 1, "sent once, and not followed anywhere")
		})
	}
}

func replied(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// An answer may be long, a result may not: it travels, and is kept for ever.
func TestLongAnswersAreReadAndBounded(t *testing.T) {
	t.Parallel()
	wms := newVendor(t,
		always("<response><flag>success</flag><message>"+strings.Repeat("好", 300_000)+"</message></response>"))
	_, client := start(t, configFor(wms.URL))
	result := cancelOne(t, client, order(1))
	require.Equal(t, inProgress, result.GetDisposition())
	require.True(t, result.GetProvisional())
	require.Len(t, result.GetReply(), 16<<10)
	require.Equal(t, strings.Repeat("好", (16<<10)/3), result.GetVendorMessage())
}

func TestTimeOutAfterTheRequestLeftIsUnknown(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	wms := newVendor(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	cfg := configFor(wms.URL)
	cfg.Accounts[0].Timeout = 300 * time.Millisecond
	_, client := start(t, cfg)
	requireUnknown(t, cancelOne(t, client, order(1)))
	require.Len(t, wms.seen(), 1)
}

// Go's transport sends a request again on a fresh connection when a kept one turns out to be closed, if it may. Ours
// may not: every order reaches the WMS at most once, and those answered NOT_SENT never.
func TestNothingIsEverSentTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	arrived := map[string]int{}
	note := func(body string) {
		mu.Lock()
		defer mu.Unlock()
		_, rest, _ := strings.Cut(body, "<orderCode>")
		code, _, _ := strings.Cut(rest, "<")
		arrived[code]++
	}
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n<response><flag>success</flag></response>"
	wms := newRude(t, func(conn *net.TCPConn) {
		reader := bufio.NewReader(conn)
		for kept := range 3 {
			body, err := readRequest(reader)
			if err != nil {
				return
			}
			note(body)
			switch {
			case kept == 2 && len(body)%2 == 0:
				return // closed after the request on a kept connection, with no answer
			case kept == 2:
				reset(conn)
				return
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
			if kept == 0 && len(body)%3 == 0 {
				return // closed while idle, just when the next request may be on its way
			}
		}
	})
	cfg := configFor("http://" + wms.host() + "/x")
	unlimited := 0.0
	cfg.Accounts[0].Rate = &unlimited
	_, client := start(t, cfg)

	const orders = 600
	results := make([]*wmsv1.CancelResult, orders)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := worker; i < orders; i += 4 {
				code := fmt.Sprintf("ZZCX%d", i*i) // of varying length
				response, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{
					Order: order(int64(i+1), func(o *wmsv1.Order) { o.OrderCode = code }),
				})
				if err == nil {
					results[i] = response.GetResult()
				}
			}
		})
	}
	group.Wait()
	mu.Lock()
	defer mu.Unlock()
	came := map[wmsv1.Disposition]int{}
	for i, result := range results {
		require.NotNil(t, result)
		came[result.GetDisposition()]++
		count := arrived[fmt.Sprintf("ZZCX%d", i*i)]
		switch result.GetDisposition() {
		case done:
			require.Equal(t, 1, count)
		case notSent:
			require.Zero(t, count, "it was said that nothing left")
		default:
			require.LessOrEqual(t, count, 1)
		}
	}
	require.Positive(t, came[done])
	require.Positive(t, came[unknown])
}
