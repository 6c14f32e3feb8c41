package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"buf.build/go/protovalidate"
	"go.opentelemetry.io/otel/trace"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
	"github.com/voidrelay/voidrelay/wmssvc/internal/wms"
)

// DefaultAccount is the name of the account that the WMS_* settings describe, and of an empty account in a request.
const DefaultAccount = "default"

// Service implements wms.v1.OrderService.
type Service struct {
	wmsv1.UnimplementedOrderServiceServer

	accounts  atomic.Pointer[[]*account.Account] // in the order of the settings
	validator protovalidate.Validator
	observer  Observer
	logger    *slog.Logger
	now       func() time.Time

	stopping  chan struct{}
	receivers sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	calls   sync.WaitGroup
}

// Observer is told of every request, in the context of its order's trace; implementations must not block.
type Observer interface {
	Asked(ctx context.Context, account string, result *account.Result)
}

// NewService serves these accounts, in this order.
func NewService(
	accounts []*account.Account, observer Observer, logger *slog.Logger, now func() time.Time,
) (*Service, error) {
	validator, err := protovalidate.New(protovalidate.WithMessages(
		&wmsv1.Order{}, &wmsv1.CancelOrderRequest{}, &wmsv1.CheckConnectionRequest{}))
	if err != nil {
		return nil, err
	}
	s := &Service{
		validator: validator, observer: observer, logger: logger, now: now, stopping: make(chan struct{}),
	}
	s.accounts.Store(&accounts)
	return s, nil
}

// Serve serves these accounts from now on. Those that were served and are no more turn away what waits with them.
func (s *Service) Serve(accounts []*account.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := *s.accounts.Swap(&accounts)
	for _, a := range before {
		if !slices.Contains(accounts, a) {
			a.Stop()
		}
	}
	if s.stopped {
		for _, a := range accounts {
			a.Stop()
		}
	}
}

// Stop turns away what waits and what comes: waiting items are answered NOT_SENT, streams end after their last answer.
// What was sent is finished. It returns at once and may be called twice.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	close(s.stopping)
	for _, a := range *s.accounts.Load() {
		a.Stop()
	}
}

// enter counts a call in, unless the service is stopping; leave counts it out.
func (s *Service) enter() *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errStopping
	}
	s.calls.Add(1)
	return nil
}

func (s *Service) leave() { s.calls.Done() }

// Idle returns once all calls have been answered; call it after Stop.
func (s *Service) Idle() { s.calls.Wait() }

// Wait returns once the goroutines of all streams have ended; the gRPC server must have stopped before.
func (s *Service) Wait() { s.receivers.Wait() }

// CancelOrder asks the WMS once.
func (s *Service) CancelOrder(
	ctx context.Context, request *wmsv1.CancelOrderRequest,
) (*wmsv1.CancelOrderResponse, error) {
	if fault := s.enter(); fault != nil {
		return nil, fault.err()
	}
	defer s.leave()
	job, fault := s.prepare(request.GetOrder(), placeOfCall(ctx))
	if fault != nil {
		return nil, fault.err()
	}
	defer context.AfterFunc(ctx, func() {
		s.logger.InfoContext(ctx, "the caller is gone; what waits is not sent", "unanswered", 1)
	})()
	result, err := s.cancel(ctx, job)
	if err != nil {
		return nil, callerGone(err)
	}
	if ctx.Err() != nil {
		s.logUndelivered(ctx, result)
	}
	if err := adviseRetry(ctx, result); err != nil {
		s.logger.WarnContext(ctx, "the advice when to come back could not be added", "err", err)
	}
	return &wmsv1.CancelOrderResponse{Result: result}, nil
}

func (s *Service) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// job is one checked item.
type job struct {
	order   *wmsv1.Order
	account *account.Account
	// told is what the caller was told of the account's server.
	told    account.Told
	request wms.Request
	// place is the order's own in its trace; invalid where nobody told one.
	place trace.SpanContext
}

// traceID is the order's trace, empty where there is none.
func (j job) traceID() string {
	if !j.place.HasTraceID() {
		return ""
	}
	return j.place.TraceID().String()
}

// prepare checks an item and writes its document; nothing is sent.
func (s *Service) prepare(order *wmsv1.Order, call trace.SpanContext) (job, *fault) {
	if order == nil {
		return job{}, invalid("order", "order is missing")
	}
	if !plainlyValid(order) {
		if err := s.validator.Validate(order); err != nil {
			return job{}, violated(err)
		}
	}
	a, fault := s.find(order.GetAccount())
	if fault != nil {
		return job{}, fault
	}
	request, err := a.Prepare(wms.Order{
		WarehouseCode: order.GetWarehouseCode(), OrderCode: order.GetOrderCode(), OrderType: order.GetOrderType(),
		CancelReason: order.GetCancelReason(), OwnerCode: order.GetOwnerCode(), OrderID: order.GetOrderId(),
		ExtendProps: order.GetExtendProps(),
	})
	if err != nil {
		return job{}, s.unprepared(err)
	}
	return job{order: order, account: a, told: a.LastTold(), request: request, place: placeOf(call, order)}, nil
}

func (s *Service) find(name string) (*account.Account, *fault) {
	if name == "" {
		name = DefaultAccount
	}
	for _, a := range *s.accounts.Load() {
		if a.Name() == name {
			return a, nil
		}
	}
	return nil, accountUnknown(name)
}

// cancel makes the one call. Its only errors are the context's: the item waited and was not sent. A fault of our own in
// the middle is answered as unknown, since it cannot be told whether the request had left.
func (s *Service) cancel(ctx context.Context, j job) (result *wmsv1.CancelResult, err error) {
	if j.place.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, j.place)
	}
	defer func() {
		if cause := recover(); cause != nil {
			s.logger.ErrorContext(ctx, "a request went wrong inside", "cancellation_id", j.order.GetCancellationId(),
				"attempt", j.order.GetAttempt(), "err", cause, "stack", string(debug.Stack()))
			result, err = unknownResult(j), nil
		}
	}()
	outcome, err := j.account.Cancel(ctx, j.told, j.order.GetWarehouseCode(),
		j.request, j.order.GetSendBefore().AsTime())
	if err != nil {
		return nil, err
	}
	s.observer.Asked(ctx, j.account.Name(), &outcome)
	result = toResult(j, &outcome)
	if !s.logger.Enabled(ctx, slog.LevelDebug) {
		return result, nil // the line's values would cost as much as its writing
	}
	s.logger.DebugContext(ctx, "asked the WMS", "bill_no", j.order.GetOrderCode(),
		"cancellation_id", result.GetCancellationId(),
		"attempt", result.GetAttempt(), "disposition", outcome.Disposition, "http_status", outcome.Exchange.Status)
	return result, nil
}

// logUndelivered keeps the outcome of a request whose caller did not wait for it.
func (s *Service) logUndelivered(ctx context.Context, r *wmsv1.CancelResult) {
	s.logger.InfoContext(ctx, "finished after the caller had gone", "cancellation_id", r.GetCancellationId(),
		"attempt", r.GetAttempt(), "disposition", r.GetDisposition().String(), "http_status", r.GetHttpStatus(),
		"of_trace", r.GetTraceId())
}
