package account

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/wmssvc/internal/dictionary"
	"github.com/voidrelay/voidrelay/wmssvc/internal/meaning"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	done    = "<response><flag>success</flag></response>"
	missing = "<response><flag>failure</flag><message>单据不存在</message></response>"
)

// front is a server whose answer a test may change, and which counts what reached it.
type front struct {
	*httptest.Server
	answer            atomic.Pointer[http.HandlerFunc]
	harmless, cancels atomic.Int64
}

// set makes the front answer so from now on.
func (f *front) set(answer http.HandlerFunc) { f.answer.Store(&answer) }

// sandboxed answers cancels with success and the harmless call with "no such order", as a sandbox or as a real WMS.
func sandboxed(sandbox bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if sandbox {
			w.Header().Set(wms.SandboxHeader, "test")
		}
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), probeOrder.OrderCode) {
			_, _ = io.WriteString(w, missing)
			return
		}
		_, _ = io.WriteString(w, done)
	}
}

func setup(t *testing.T) (*Account, *front, *clock) {
	t.Helper()
	f := &front{}
	f.set(sandboxed(true))
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), probeOrder.OrderCode) {
			f.harmless.Add(1)
		} else {
			f.cancels.Add(1)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		(*f.answer.Load())(w, r)
	}))
	t.Cleanup(f.Close)
	words, err := dictionary.Default()
	require.NoError(t, err)
	endpoint, err := url.Parse(f.URL + "/x")
	require.NoError(t, err)
	dialect, _ := wms.FindDialect("wdt")
	c := &clock{at: time.Now()}
	unlimited, eight := 0.0, 8
	a := New(context.Background(), Settings{
		Name: "default", Endpoint: endpoint, Dialect: dialect, Partner: "s", AppKey: "k",
		Secret: "x", Timeout: 10 * time.Second,
		Rate: &unlimited, Concurrency: &eight,
	}, words, slog.New(slog.DiscardHandler), c.now)
	t.Cleanup(a.Close)
	return a, f, c
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func cancel(t *testing.T, a *Account, told Told) Result {
	t.Helper()
	request, err := a.Prepare(wms.Order{WarehouseCode: "CK001", OrderCode: "SO-1", OrderType: "QTRK"})
	require.NoError(t, err)
	result, err := a.Cancel(t.Context(), told, "CK001", request, a.now().Add(time.Hour))
	require.NoError(t, err)
	return result
}

// The failure: more than a minute after the last harmless call the server had become a real one, and the cancels of a
// test went to it.
func TestAfterAMinuteTheHarmlessCallGoesFirst(t *testing.T) {
	t.Parallel()
	a, f, c := setup(t)
	a.Known(t.Context(), time.Second)
	environment, told := a.Tell()
	require.Equal(t, EnvironmentSandbox, environment)
	require.Equal(t, dictionary.Cancelled, cancel(t, a, told).Disposition)
	c.move(59 * time.Second)
	require.Equal(t, dictionary.Cancelled, cancel(t, a, told).Disposition)
	require.EqualValues(t, 1, f.harmless.Load(), "an answer shows the server as well as the harmless call's")

	c.move(61 * time.Second)
	f.set(sandboxed(false))
	var group sync.WaitGroup
	for range 39 {
		group.Go(func() {
			request, err := a.Prepare(wms.Order{WarehouseCode: "CK001", OrderCode: "SO-1", OrderType: "QTRK"})
			if err != nil {
				t.Error(err)
				return
			}
			result, err := a.Cancel(t.Context(), told, "CK001", request, a.now().Add(time.Hour))
			if err != nil || result.Disposition != dictionary.NotSent {
				t.Errorf("want nothing sent, got %v %v", result.Disposition, err)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 2, f.cancels.Load(), "those of before")
	require.EqualValues(t, 2, f.harmless.Load(), "one looked, for all")
	environment, told = a.Tell()
	require.Equal(t, EnvironmentReal, environment)
	require.Equal(t, dictionary.Cancelled, cancel(t, a, told).Disposition, "whoever is told of it may send")
}

// A WMS that went away behind a proxy: after a minute nothing is sent any more, so that no outcome is unknown, and it
// goes on by itself.
func TestAnOutageCostsHarmlessCallsOnly(t *testing.T) {
	t.Parallel()
	a, f, c := setup(t)
	a.Known(t.Context(), time.Second)
	_, told := a.Tell()
	f.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(wms.SandboxHeader, "a sandbox's own page")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html></html>")
	})
	result := cancel(t, a, told)
	require.Equal(t, dictionary.Unknown, result.Disposition)
	require.Equal(t, meaning.Proxy, result.Cause)
	c.move(2 * time.Minute)
	for range 5 {
		result := cancel(t, a, told)
		require.Equal(t, dictionary.NotSent, result.Disposition)
		require.Contains(t, result.Detail, "502")
	}
	require.EqualValues(t, 1, f.cancels.Load())
	f.set(sandboxed(true))
	require.Equal(t, dictionary.Cancelled, cancel(t, a, told).Disposition)
}

// A limit that the WMS meets again and again: the harmless call alone meets it, at a growing pace.
func TestALimitIsMetByTheHarmlessCallAlone(t *testing.T) {
	t.Parallel()
	a, f, _ := setup(t)
	a.Known(t.Context(), time.Second)
	_, told := a.Tell()
	f.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(wms.SandboxHeader, "test")
		_, _ = io.WriteString(w,
			"<error_response><code>7</code><sub_msg>This ban will last for 1 more seconds</sub_msg></error_response>")
	})
	result := cancel(t, a, told)
	require.Equal(t, dictionary.Throttled, result.Disposition)
	require.InDelta(t, 1, result.RetryAfter.Seconds(), 0.1)
	for range 2 {
		result = cancel(t, a, told)
		require.Equal(t, dictionary.NotSent, result.Disposition)
		require.InDelta(t, 1, result.RetryAfter.Seconds(), 0.1)
	}
	require.EqualValues(t, 1, f.cancels.Load())
	require.EqualValues(t, 3, f.harmless.Load())
	f.set(sandboxed(true))
	require.Equal(t, dictionary.Cancelled, cancel(t, a, told).Disposition)
}

// The failure: what waited for another's harmless call could not be called back.
func TestWhatWaitsForTheHarmlessCallCanBeCalledBack(t *testing.T) {
	t.Parallel()
	a, f, _ := setup(t)
	arrived, let := make(chan struct{}, 1), make(chan struct{})
	f.set(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-let
		sandboxed(true)(w, r)
	})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			request, err := a.Prepare(wms.Order{WarehouseCode: "CK001", OrderCode: "SO-1", OrderType: "QTRK"})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := a.Cancel(ctx, a.LastTold(), "CK001", request, a.now().Add(time.Hour)); err == nil {
				t.Error("sent although it was called back")
			}
		})
	}
	<-arrived
	stop()
	close(let)
	group.Wait()
	require.Zero(t, f.cancels.Load())
	require.EqualValues(t, 1, f.harmless.Load())
}

// The failures: a machine that slept, whose steady clock had stood still, or a clock that was set back, made an old
// sight a fresh one.
func TestASightIsAsOldAsTheOlderClockSays(t *testing.T) {
	t.Parallel()
	at := time.Now()
	require.True(t, lately(at, at.Add(59*time.Second)))
	require.False(t, lately(at, at.Add(60*time.Second)))
	require.False(t, lately(at.Round(0), at.Add(2*time.Minute).Round(0)), "the wall's clock alone")
	require.False(t, lately(at.Round(0), at.Add(-2*time.Minute).Round(0)), "set back")
	require.False(t, lately(time.Time{}, at))
}

// A peer is an address with its certificate, and known only as what it showed itself to be.
func TestWhatIsKnownOfAPeer(t *testing.T) {
	t.Parallel()
	var p peers
	now := time.Now()
	here, there := wms.Peer{Address: "192.0.2.1:443", Certificate: wms.Fingerprint{1}}, wms.Peer{
		Address: "192.0.2.2:443", Certificate: wms.Fingerprint{1},
	}
	other := wms.Peer{Address: here.Address, Certificate: wms.Fingerprint{2}}
	p.note(here, EnvironmentSandbox, now)
	require.True(t, p.seenLately(here, EnvironmentSandbox, now))
	for _, unknown := range []wms.Peer{there, other} {
		require.False(t, p.seenLately(unknown, EnvironmentSandbox, now))
		require.False(t, p.seenLately(unknown, EnvironmentUnknown, now))
	}
	p.note(there, EnvironmentReal, now)
	for _, as := range []Environment{EnvironmentSandbox, EnvironmentReal, EnvironmentUnknown} {
		require.Equal(t, as == EnvironmentSandbox, p.seenLately(here, as, now))
		require.Equal(t, as == EnvironmentReal, p.seenLately(there, as, now))
	}
	p.note(here, EnvironmentReal, now)
	require.False(t, p.seenLately(here, EnvironmentSandbox, now),
		"the last look counts, however soon after the one before")
}
