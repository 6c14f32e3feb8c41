package wmssvc_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// What waits is called back by a stop, and so is what still comes; what was sent is finished. Other streams go on.
func TestStopCallsBackWhatWaits(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	_, client := start(t, limited(wms.URL, 2))
	stream, _ := open(t, t.Context(), client)
	other, _ := open(t, t.Context(), client)
	send(t, stream, 1, 2)
	wms.waitFor(t, 2)
	send(t, stream, 3, 4)
	send(t, other, 9)
	require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Stop: true}))
	send(t, stream, 5)
	for range 3 {
		frame, err := stream.Recv()
		require.NoError(t, err)
		require.Contains(t, []int64{3, 4, 5}, frame.GetResult().GetCancellationId())
		requireNotSent(t, frame.GetResult())
		require.Contains(t, frame.GetResult().GetDetail(), "stop")
	}
	wms.letGo()
	require.NoError(t, stream.CloseSend())
	for range 2 {
		frame, err := stream.Recv()
		require.NoError(t, err)
		require.Contains(t, []int64{1, 2}, frame.GetResult().GetCancellationId())
		require.Equal(t, done, frame.GetResult().GetDisposition())
	}
	_, err := stream.Recv()
	require.ErrorIs(t, err, io.EOF)
	frame, err := other.Recv()
	require.NoError(t, err)
	require.Equal(t, done, frame.GetResult().GetDisposition())
	require.Len(t, wms.seen(), 3)
}

// An account that may start one request a second has many waiting when the stop comes.
func TestStopCallsBackWhatWaitsForItsPace(t *testing.T) {
	t.Parallel()
	wms := newVendor(t, always(answerDone))
	cfg := limited(wms.URL, 8)
	slow := 0.01
	cfg.Accounts[0].Rate = &slow
	_, client := start(t, cfg)
	stream, _ := open(t, t.Context(), client)
	// The check call of the window has taken the first turn: none of these has one for minutes.
	send(t, stream, 1, 2, 3)
	require.NoError(t, stream.Send(&wmsv1.CancelOrdersRequest{Stop: true}))
	for range 3 {
		frame, err := stream.Recv()
		require.NoError(t, err)
		requireNotSent(t, frame.GetResult())
	}
	require.Empty(t, wms.seen())
}

// Stopping answers what waits with NOT_SENT, finishes what left, and ends the stream with a reason that says that
// whatever is still unanswered was not sent.
func TestStopWithItemsInFlight(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	server, client := start(t, limited(wms.URL, 2))
	stream, _ := open(t, t.Context(), client)
	send(t, stream, 1, 2, 3, 4)
	wms.waitFor(t, 2)

	stopped := make(chan error, 1)
	go func() { stopped <- server.Stop(context.Background()) }()
	// Only when it is stopping may the WMS answer: before that, room would let the next item leave.
	require.Eventually(t, func() bool {
		_, err := client.CancelOrder(t.Context(), &wmsv1.CancelOrderRequest{Order: order(9)})
		return apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_SHUTTING_DOWN) ||
			status.Code(err) == codes.Unavailable
	}, 10*time.Second, 5*time.Millisecond)
	wms.letGo()
	// Items that the service had taken by then are answered; those still on their way to it are not, and no request
	// left for them.
	finished, waited := 0, 0
	var err error
	for {
		var frame *wmsv1.CancelOrdersResponse
		if frame, err = stream.Recv(); err != nil {
			break
		}
		switch result := frame.GetResult(); result.GetDisposition() {
		case done:
			finished++
		case notSent:
			require.Contains(t, result.GetDetail(), "stopping")
			waited++
		default:
			t.Fatalf("neither finished nor kept: %v", result)
		}
	}
	require.Equal(t, 2, finished)
	require.LessOrEqual(t, waited, 2)
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.True(t, apierr.HasReason(err, apierr.WMS, wmsv1.ErrorReason_ERROR_REASON_SHUTTING_DOWN))
	require.NoError(t, <-stopped)
	require.NoError(t, server.Stop(context.Background()), "twice is no harm")
	require.NoError(t, server.Wait())
	require.Len(t, wms.seen(), 2)
}

// When the time for draining is over, exchanges are cut and said to be unknown.
func TestStopThatCannotWait(t *testing.T) {
	t.Parallel()
	wms := newHeld(t)
	server, client := start(t, limited(wms.URL, 2))
	answered := make(chan *wmsv1.CancelResult, 1)
	go func() {
		response, err := client.CancelOrder(context.Background(), &wmsv1.CancelOrderRequest{Order: order(1)})
		if err != nil {
			answered <- nil
			return
		}
		answered <- response.GetResult()
	}()
	wms.waitFor(t, 1)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, server.Stop(over))
	if result := <-answered; result != nil {
		requireUnknown(t, result)
	}
}

// A caller who takes no answers cannot keep the service from stopping.
func TestStopWithACallerWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	answered := make(chan struct{}, 1000)
	wms := newVendor(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w,
			"<response><flag>success</flag><message>"+strings.Repeat("x", 16<<10)+"</message></response>")
		answered <- struct{}{}
	})
	server, client := start(t, limited(wms.URL, 4))
	stream, _ := open(t, t.Context(), client)
	send(t, stream, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	for range 4 {
		<-answered
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.NoError(t, server.Stop(ctx))
	require.NoError(t, server.Wait())
}
