package worker

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// wmsRequest is one request that reached the WMS.
type wmsRequest struct {
	cancellation int64
	at           time.Time
	number       string
	warehouse    string
	// told is the answer that the orchestrator got; unspecified when it got none. cancelled: this request cancelled an
	// order.
	told      wmsv1.Disposition
	cancelled bool
	attempt   int
}

// randomWMS has an order for each line of a life of a bill, some of which are picked already, and answers cancels; not
// always with what it did.
type randomWMS struct {
	wmsv1.OrderServiceClient
	rng     *rand.Rand
	now     func() time.Time
	kingdee *randomKingdee
	// codes leads from a warehouse's code in the WMS to Kingdee's.
	codes     map[string]string
	cancelled map[orderKey]bool
	requests  []*wmsRequest
	meanwhile func()
	stored    *storedResults
	quiet     bool
	tell      func(format string, args ...any)
}

// orderKey is one order: those of another life are others.
type orderKey struct {
	bill      int64
	life      int
	warehouse string
}

func (w *randomWMS) CheckConnection(
	context.Context, *wmsv1.CheckConnectionRequest, ...grpc.CallOption,
) (*wmsv1.CheckConnectionResponse, error) {
	return &wmsv1.CheckConnectionResponse{
		Account:     &wmsv1.Account{Name: "default", Environment: wmsv1.Environment_ENVIRONMENT_SANDBOX},
		Disposition: wmsv1.Disposition_DISPOSITION_NOT_FOUND,
	}, nil
}

func (w *randomWMS) CancelOrders(
	ctx context.Context, _ ...grpc.CallOption,
) (grpc.BidiStreamingClient[wmsv1.CancelOrdersRequest, wmsv1.CancelOrdersResponse], error) {
	s := &answers{wms: w, ctx: ctx, out: make(chan *wmsv1.CancelOrdersResponse, 1000)}
	s.out <- &wmsv1.CancelOrdersResponse{Frame: &wmsv1.CancelOrdersResponse_Window{Window: &wmsv1.Window{
		Account:  &wmsv1.Account{Name: "default", Sid: "sid", Environment: wmsv1.Environment_ENVIRONMENT_SANDBOX},
		InFlight: 4, ServiceTime: timestamppb.New(w.now()),
	}}}
	return s, nil
}

// answers is one stream of cancels.
type answers struct {
	grpc.ClientStream
	wms    *randomWMS
	ctx    context.Context //nolint:containedctx // a stream's
	out    chan *wmsv1.CancelOrdersResponse
	once   sync.Once
	broken bool
}

func (s *answers) CloseSend() error {
	s.once.Do(func() { close(s.out) })
	return nil
}

func (s *answers) Recv() (*wmsv1.CancelOrdersResponse, error) {
	select {
	case frame, more := <-s.out:
		if !more {
			return nil, io.EOF
		}
		return frame, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

func (s *answers) Send(in *wmsv1.CancelOrdersRequest) error {
	if s.broken {
		return io.EOF
	}
	if in.GetStop() {
		return nil // nothing waits here
	}
	w, order := s.wms, in.GetOrder()
	w.stored.wait()
	if !w.quiet {
		w.meanwhile()
	}
	if s.ctx.Err() != nil {
		// The process was killed: its last request may have gone out.
		if w.rng.IntN(2) == 0 && !w.now().After(order.GetSendBefore().AsTime()) {
			w.tell("  request %d.%d %s %s, of a dying process", order.GetCancellationId(), order.GetAttempt(),
				order.GetOrderCode(), order.GetWarehouseCode())
			w.ask(order, s)
			w.requests[len(w.requests)-1].told = wmsv1.Disposition_DISPOSITION_UNSPECIFIED
		}
		return s.ctx.Err()
	}
	result := &wmsv1.CancelResult{
		CancellationId: order.GetCancellationId(), Attempt: order.GetAttempt(), Recognised: true,
	}
	if w.now().After(order.GetSendBefore().AsTime()) {
		result.Disposition = wmsv1.Disposition_DISPOSITION_NOT_SENT
	} else {
		result.Disposition = w.ask(order, s)
	}
	if result.GetDisposition() == wmsv1.Disposition_DISPOSITION_THROTTLED {
		result.RetryAfter = durationpb.New(2 * time.Second)
	}
	w.tell("  request %d.%d %s %s: %s", order.GetCancellationId(), order.GetAttempt(), order.GetOrderCode(),
		order.GetWarehouseCode(), result.GetDisposition())
	if s.broken {
		s.once.Do(func() { close(s.out) })
		return nil
	}
	w.stored.given(asking{order.GetCancellationId(), int(order.GetAttempt())})
	s.out <- &wmsv1.CancelOrdersResponse{Frame: &wmsv1.CancelOrdersResponse_Result{Result: result}}
	return nil
}

// ask is what becomes of a request that is started.
func (w *randomWMS) ask(order *wmsv1.Order, s *answers) wmsv1.Disposition {
	roll := w.rng.IntN(100)
	if w.quiet {
		roll = 99
	}
	if roll < 6 && s.ctx.Err() == nil {
		return wmsv1.Disposition_DISPOSITION_THROTTLED
	}
	got := &wmsRequest{
		cancellation: order.GetCancellationId(), attempt: int(order.GetAttempt()), at: w.now(),
		number: order.GetOrderCode(), warehouse: w.codes[order.GetWarehouseCode()],
	}
	w.requests = append(w.requests, got)
	switch {
	case roll < 9:
		got.told = wmsv1.Disposition_DISPOSITION_UNKNOWN
	case roll < 12:
		s.broken = true
	case roll < 17:
		got.told = wmsv1.Disposition_DISPOSITION_IN_PROGRESS
	case roll < 23:
		w.cancel(got)
		got.told = wmsv1.Disposition_DISPOSITION_UNKNOWN
	case roll < 28:
		w.cancel(got)
		s.broken = true
	default:
		got.told = w.cancel(got)
	}
	return got.told
}

// cancel cancels the newest order with this number in this warehouse.
func (w *randomWMS) cancel(got *wmsRequest) wmsv1.Disposition {
	var newest ruletest.Life
	var key orderKey
	for _, b := range w.kingdee.bills {
		if b.Bill.Number != got.number {
			continue
		}
		for i, life := range b.Lives {
			for _, warehouse := range life.Warehouses {
				if warehouse == got.warehouse && !life.Begin.Before(newest.Begin) {
					newest, key = life, orderKey{b.Bill.ID, i, warehouse}
				}
			}
		}
	}
	switch {
	case key.bill == 0:
		return wmsv1.Disposition_DISPOSITION_NOT_FOUND
	case w.cancelled[key]:
		return wmsv1.Disposition_DISPOSITION_ALREADY_CANCELLED
	case (key.bill+int64(key.life))%7 == 0:
		return wmsv1.Disposition_DISPOSITION_TOO_LATE
	}
	w.cancelled[key], got.cancelled = true, true
	return wmsv1.Disposition_DISPOSITION_CANCELLED
}
