package wmssvc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// held is a WMS that keeps every request until it is let go.
type held struct {
	*vendor
	arrived chan struct{}
	let     chan struct{}
	once    sync.Once
}

func newHeld(t *testing.T) *held {
	t.Helper()
	h := &held{arrived: make(chan struct{}, 1000), let: make(chan struct{})}
	h.vendor = newVendor(t, func(w http.ResponseWriter, _ *http.Request) {
		h.arrived <- struct{}{}
		<-h.let
		_, _ = io.WriteString(w, answerDone)
	})
	t.Cleanup(h.letGo)
	return h
}

func (h *held) letGo() { h.once.Do(func() { close(h.let) }) }

func (h *held) waitFor(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-h.arrived:
		case <-time.After(10 * time.Second):
			require.FailNow(t, "requests did not arrive")
		}
	}
}

// limited is a configuration with that many in flight and no rate.
func limited(url string, inFlight int) wmssvc.Config {
	cfg := configFor(url)
	unlimited := 0.0
	cfg.Accounts[0].Rate, cfg.Accounts[0].Concurrency = &unlimited, &inFlight
	return cfg
}

// open starts a stream and takes its window.
//
//nolint:revive // t first, as helpers do
func open(
	t *testing.T, ctx context.Context, client wmsv1.OrderServiceClient,
) (wmsv1.OrderService_CancelOrdersClient, *wmsv1.Window) {
	t.Helper()
	stream, err := client.CancelOrders(ctx)
	require.NoError(t, err)
	frame, err := stream.Recv()
	require.NoError(t, err)
	require.NotNil(t, frame.GetWindow())
	return stream, frame.GetWindow()
}

func send(t *testing.T, stream wmsv1.OrderService_CancelOrdersClient, ids ...int64) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: order(id)}))
	}
}

func TestNoMoreInFlightThanTheWindow(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	_, client := start(t, limited(wms.URL, 2))
	stream, window := open(t, t.Context(), client)
	require.EqualValues(t, 2, window.GetInFlight())

	send(t, stream, 1, 2, 3, 4)
	wms.waitFor(t, 2)
	require.Len(t, wms.seen(), 2)
	wms.letGo()
	require.NoError(t, stream.CloseSend())
	for range 4 {
		frame, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, done, frame.GetResult().GetDisposition())
	}
	_, err := stream.Recv()
	require.ErrorIs(t, err, io.EOF)
}

// A caller who sends on and on without an answer is stopped by flow control, not buffered: once what the stream may
// hold and the transport's own window are full, its Send blocks.
func TestBackPressureReachesTheCaller(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	_, client := start(t, limited(wms.URL, 2))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, _ := open(t, ctx, client)

	const orders = 5000
	long := strings.Repeat("作废", 500)
	var sent atomic.Int64
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for id := int64(1); id <= orders; id++ {
			o := order(id, func(o *wmsv1.Order) { o.CancelReason = long })
			if stream.Send(&wmsv1.CancelOrdersRequest{Order: o}) != nil {
				return
			}
			sent.Add(1)
		}
	}()
	wms.waitFor(t, 2)
	// The sender stands still once two looks a while apart see the same count.
	require.Eventually(t, func() bool {
		before := sent.Load()
		select {
		case <-finished:
			return true
		case <-time.After(200 * time.Millisecond):
			return sent.Load() == before
		}
	}, 20*time.Second, time.Millisecond)
	require.Less(t, sent.Load(), int64(orders), "15 MB were taken in while two requests were in flight")
	require.Len(t, wms.seen(), 2)
	cancel()
	<-finished
	wms.letGo()
}

// What waits is not sent when the caller goes away; what was sent is finished and logged.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	log := &lockedBuffer{}
	server, err := wmssvc.Start(t.Context(), limited(wms.URL, 2), slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	client := dial(t, server.Addr())
	ctx, cancel := context.WithCancel(t.Context())
	stream, _ := open(t, ctx, client)
	send(t, stream, 1, 2, 3, 4)
	wms.waitFor(t, 2)
	cancel()
	_, err = stream.Recv()
	require.Equal(t, codes.Canceled, status.Code(err))
	// The server hears of it a moment later; only then may places become free.
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "the caller is gone") },
		10*time.Second, time.Millisecond)
	wms.letGo()

	require.Eventually(t, func() bool { return strings.Count(log.String(), "finished after the caller had gone") == 2 },
		10*time.Second, 5*time.Millisecond)
	require.NoError(t, server.Stop(t.Context()))
	require.Len(t, wms.seen(), 2, "3 and 4 were never sent")
	require.Contains(t, log.String(), "disposition=DISPOSITION_CANCELLED")
	require.NotContains(t, log.String(), "testsecret")
	require.NotContains(t, log.String(), "testappkey")
}

// The same holds for a single call: its outcome is not lost with its caller.
func TestCallerOfOneGone(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	log := &lockedBuffer{}
	server, err := wmssvc.Start(t.Context(), limited(wms.URL, 2), slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	client := dial(t, server.Addr())
	ctx, cancel := context.WithCancel(t.Context())
	var caller sync.WaitGroup
	caller.Go(func() {
		_, err := client.CancelOrder(ctx, &wmsv1.CancelOrderRequest{Order: order(42)})
		if status.Code(err) != codes.Canceled {
			t.Errorf("want Canceled, got %v", err)
		}
	})
	wms.waitFor(t, 1)
	cancel()
	caller.Wait()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "the caller is gone") },
		10*time.Second, time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- server.Stop(context.Background()) }()
	wms.letGo()
	require.NoError(t, <-stopped)
	require.Contains(t, log.String(), "cancellation_id=42")
	require.Contains(t, log.String(), "disposition=DISPOSITION_CANCELLED")
}

func TestItemsThatCannotWaitAreAnsweredInTime(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	_, client := start(t, limited(wms.URL, 1))
	stream, _ := open(t, t.Context(), client)
	send(t, stream, 1)
	wms.waitFor(t, 1)
	soon := order(2, func(o *wmsv1.Order) { o.SendBefore = timestamppb.New(time.Now().Add(50 * time.Millisecond)) })
	require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Order: soon}))
	frame, err := stream.Recv()
	require.NoError(t, err)
	require.EqualValues(t, 2, frame.GetResult().GetCancellationId())
	requireNotSent(t, frame.GetResult())
	wms.letGo()
	require.NoError(t, stream.CloseSend())
	for err == nil {
		_, err = stream.Recv()
	}
	require.True(t, errors.Is(err, io.EOF))
	require.Len(t, wms.seen(), 1)
}

// hurried makes an order that cannot wait out a pause.
func hurried(o *wmsv1.Order) { o.SendBefore = timestamppb.New(time.Now().Add(2 * time.Second)) }

func TestThrottleAnswerPausesTheAccount(t *testing.T) {
	t.Parallel()
	wms := newVendor(t,
		always("<response><flag>failure</flag><code>100</code><message>超过每分钟最大调用频率限制</message></response>"))
	_, client := start(t, limited(wms.URL, 4))
	first := cancelOne(t, client, order(1))
	require.Equal(t, wmsv1.Disposition_DISPOSITION_THROTTLED, first.GetDisposition())
	require.Equal(t, 5*time.Second, first.GetRetryAfter().AsDuration())

	second := cancelOne(t, client, order(2, hurried))
	requireNotSent(t, second)
	require.InDelta(t, 5, second.GetRetryAfter().AsDuration().Seconds(), 5)
	require.Len(t, wms.seen(), 1)
}

func TestWindowOfAnUnreachableWMSNamesNoEnvironment(t *testing.T) {
	t.Parallel()
	_, client := start(t, configFor("http://127.0.0.1:1/x"))
	_, window := open(t, t.Context(), client)
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_UNSPECIFIED, window.GetAccount().GetEnvironment())
	require.EqualValues(t, 8, window.GetInFlight())
	require.InDelta(t, 10, window.GetPerSecond(), 0)
}

func TestRealServerKeepsTheCautiousPace(t *testing.T) {
	t.Parallel()
	wms := newRealVendor(t)
	_, client := start(t, configFor(wms))
	_, window := open(t, t.Context(), client)
	require.Equal(t, wmsv1.Environment_ENVIRONMENT_REAL, window.GetAccount().GetEnvironment())
	require.EqualValues(t, 8, window.GetInFlight())
	require.InDelta(t, 10, window.GetPerSecond(), 0)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
