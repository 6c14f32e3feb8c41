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
	"time"

	"github.com/stretchr/testify/require"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// changing is a WMS that is a sandbox until it is told to be a real one.
type changing struct {
	real atomic.Bool
	// cancels and harmless count what reached it as a real one.
	cancels, harmless atomic.Int64
	// refuse makes it end connections without an answer.
	refuse atomic.Bool
	// hold is waited for before a cancel is answered by the real one; nil for no wait.
	hold chan struct{}
}

func (c *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	real := c.real.Load()
	if c.refuse.Load() {
		panic(http.ErrAbortHandler)
	}
	if !real {
		w.Header().Set("X-Voidrelay-Sandbox", "test")
	}
	switch probe := isProbe(string(body)); {
	case probe && real:
		c.harmless.Add(1)
		fallthrough
	case probe:
		_, _ = io.WriteString(w, answerNotFound)
		return
	case real:
		c.cancels.Add(1)
		if c.hold != nil {
			<-c.hold
		}
	}
	_, _ = io.WriteString(w, answerDone)
}

// cancelMany hands the orders over and answers how often each disposition came.
func cancelMany(
	t *testing.T, stream wmsv1.OrderService_CancelOrdersClient, first, count int64,
) map[wmsv1.Disposition]int {
	t.Helper()
	var sender sync.WaitGroup
	sender.Go(func() {
		for id := first; id < first+count; id++ {
			if stream.Send(&wmsv1.CancelOrdersRequest{Order: order(id)}) != nil {
				return
			}
		}
	})
	came := map[wmsv1.Disposition]int{}
	for range count {
		frame, err := stream.Recv()
		require.NoError(t, err)
		came[frame.GetResult().GetDisposition()]++
	}
	sender.Wait()
	return came
}

func announced(t *testing.T, client wmsv1.OrderServiceClient) wmsv1.Environment {
	t.Helper()
	_, window := open(t, t.Context(), client)
	return window.GetAccount().GetEnvironment()
}

// The failure: the server behind WMS_URL became a real one at another certificate, under a running wmssvc, and 39 of 39
// cancels of a test reached it.
func TestARealServerAtAnotherCertificateGetsNoCancel(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, _, oldPair := certificate(t)
	_, _, newPair := certificate(t)
	sandboxed, real := &changing{}, &changing{}
	real.real.Store(true)
	serve := func(on net.Listener, handler http.Handler, pair tls.Certificate) *httptest.Server {
		server := httptest.NewUnstartedServer(handler)
		_ = server.Listener.Close()
		server.Listener = on
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
		t.Cleanup(server.Close)
		return server
	}
	first := serve(listener, sandboxed, oldPair)
	cfg := limited("https://"+listener.Addr().String()+"/x", 8)
	cfg.Accounts[0].CAFile = bundleOf(t, oldPair, newPair)
	_, client := start(t, cfg)
	stream, window := open(t, t.Context(), client)
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, window.GetAccount().GetEnvironment())
	require.Equal(t, map[wmsv1.Disposition]int{done: 5}, cancelMany(t, stream, 1, 5))

	first.Close()
	again, err := net.Listen("tcp", listener.Addr().String())
	require.NoError(t, err)
	serve(again, real, newPair)
	require.Equal(t, map[wmsv1.Disposition]int{notSent: 39}, cancelMany(t, stream, 100, 39))
	require.Zero(t, real.cancels.Load())
	require.EqualValues(t, 1, real.harmless.Load(), "one harmless call showed it")
	requireNotSent(t, cancelOne(t, client, order(7)))
	require.Zero(t, real.cancels.Load(), "nor for callers who were told nothing")
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_REAL, announced(t, client), "the next stream is told")
}

// Behind an unchanged front nobody can know beforehand: what is in flight reaches the real server, and nothing more,
// until a caller is told. The stream of before is told nothing, so nothing of it leaves any more, also when the sandbox
// answers again.
func TestBehindAnUnchangedFrontAtMostWhatIsInFlight(t *testing.T) {
	t.Parallel()
	server := &changing{hold: make(chan struct{})}
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	_, client := start(t, limited(front.URL+"/x", 4))
	stream, window := open(t, t.Context(), client)
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_SANDBOX, window.GetAccount().GetEnvironment())
	require.Equal(t, map[wmsv1.Disposition]int{done: 5}, cancelMany(t, stream, 1, 5))

	server.real.Store(true)
	close(server.hold)
	came := cancelMany(t, stream, 100, 39)
	require.LessOrEqual(t, server.cancels.Load(), int64(4))
	require.EqualValues(t, server.cancels.Load(), came[done])
	require.Equal(t, 39, came[done]+came[notSent])
	server.real.Store(false)
	require.Equal(t, notSent, cancelOne(t, client, order(50)).GetDisposition())
	require.Equal(t, map[wmsv1.Disposition]int{notSent: 3}, cancelMany(t, stream, 200, 3))

	require.Equal(t, wmsv1.Environment_ENVIRONMENT_REAL, announced(t, client), "as it was seen last")
	fresh, _ := open(t, t.Context(), client)
	require.Equal(t, map[wmsv1.Disposition]int{done: 1},
		cancelMany(t, fresh, 300, 1), "whose answer shows the sandbox again")
	require.Equal(t, map[wmsv1.Disposition]int{notSent: 3}, cancelMany(t, fresh, 301, 3))
}

// A server that ends every connection is the same server each time: it is asked what it is once a minute, not
// once a request.
func TestConnectionsThatEndCostNoHarmlessCalls(t *testing.T) {
	t.Parallel()
	var harmless, cancels atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Connection", "close")
		w.Header().Set("X-Voidrelay-Sandbox", "test")
		if isProbe(string(body)) {
			harmless.Add(1)
			_, _ = io.WriteString(w, answerNotFound)
			return
		}
		cancels.Add(1)
		_, _ = io.WriteString(w, answerDone)
	}))
	t.Cleanup(front.Close)
	_, client := start(t, limited(front.URL+"/x", 16))
	stream, _ := open(t, t.Context(), client)
	require.Equal(t, map[wmsv1.Disposition]int{done: 200}, cancelMany(t, stream, 1, 200))
	require.EqualValues(t, 1, harmless.Load())
	require.EqualValues(t, 200, cancels.Load())
}

// Told to come back in a second, the account does, with a harmless call first.
func TestAfterAPauseTheHarmlessCallGoesFirst(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var order []string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("X-Voidrelay-Sandbox", "test")
		if isProbe(string(body)) {
			order = append(order, "harmless")
			_, _ = io.WriteString(w, answerNotFound)
			return
		}
		order = append(order, "cancel")
		if len(order) == 2 {
			_, _ = io.WriteString(w, "<error_response><code>7</code><msg>App Call Limited</msg><sub_msg>This ban "+
				"will last for 1 more seconds</sub_msg></error_response>")
			return
		}
		_, _ = io.WriteString(w, answerDone)
	}))
	t.Cleanup(front.Close)
	_, client := start(t, limited(front.URL+"/x", 4))
	stream, _ := open(t, t.Context(), client)
	require.Equal(t, map[wmsv1.Disposition]int{throttled: 1}, cancelMany(t, stream, 1, 1))
	began := time.Now()
	require.Equal(t, map[wmsv1.Disposition]int{done: 2}, cancelMany(t, stream, 2, 2))
	require.Less(t, time.Since(began), time.Minute, "not for minutes")
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{"harmless", "cancel", "harmless", "cancel", "cancel"}, order)
}

// The failure: whoever asked before the server had shown what it is was obeyed, and a server that never answers may be
// anybody's.
func TestAWMSThatNeverAnsweredGetsTheHarmlessCallOnly(t *testing.T) {
	t.Parallel()
	var harmless, cancels atomic.Int64
	var answers atomic.Bool
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reply := answerDone
		if isProbe(string(body)) {
			harmless.Add(1)
			reply = answerNotFound
		} else {
			cancels.Add(1)
		}
		if !answers.Load() {
			w.WriteHeader(http.StatusBadGateway)
			reply = "<html></html>"
		}
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(front.Close)
	_, client := start(t, configFor(front.URL+"/x"))
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_UNSPECIFIED, announced(t, client))
	result := cancelOne(t, client, order(1))
	requireNotSent(t, result)
	require.Equal(t, wmsv1.NotSentCause_NOT_SENT_CAUSE_UNREACHABLE, result.GetNotSentCause())
	require.Contains(t, result.GetDetail(), "502")
	stream, _ := open(t, t.Context(), client)
	require.Equal(t, map[wmsv1.Disposition]int{notSent: 3}, cancelMany(t, stream, 2, 3))
	require.Positive(t, harmless.Load())
	require.Zero(t, cancels.Load())

	answers.Store(true)
	require.Equal(t, done, cancelOne(t, client, order(9)).GetDisposition(), "once it has shown itself")
}
