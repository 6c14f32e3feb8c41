package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/timestamppb"

	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
	"github.com/voidrelay/voidrelay/wmssvc/internal/account"
)

// probeWithin bounds the harmless call by which a stream learns what kind of server an unknown account has.
const probeWithin = 3 * time.Second

// heldAtLeast is how many items of an account a stream may hold, be the account ever so slow: its gate can be fair only
// between warehouses that it sees waiting.
const heldAtLeast = 64

type ordersStream = wmsv1.OrderService_CancelOrdersServer

// CancelOrders announces the windows, then answers items as they finish.
func (s *Service) CancelOrders(stream ordersStream) error {
	if fault := s.enter(); fault != nil {
		return fault.err()
	}
	defer s.leave()
	capacity, told, err := s.announce(stream)
	if err != nil {
		return err
	}
	starting, stop := context.WithCancel(stream.Context())
	defer stop()
	f := &flow{
		service: s, stream: stream, capacity: capacity, told: told, place: placeOfCall(stream.Context()),
		starting: starting, stop: stop,
		items: make(chan *wmsv1.Order), jobs: make(chan *wmsv1.Order), answers: make(chan answer, capacity),
		received: make(chan error, 1), closed: make(chan struct{}),
	}
	return f.run(stream.Context())
}

// announce sends the Window of every account and answers how many items the stream may hold: what is in flight and as
// many again, or heldAtLeast, that wait for their turn; and what was told of each account.
func (s *Service) announce(stream ordersStream) (capacity int, told map[*account.Account]account.Told, err error) {
	s.learn(stream.Context())
	accounts := *s.accounts.Load()
	told = make(map[*account.Account]account.Told, len(accounts))
	for _, a := range accounts {
		limits := a.Limits()
		capacity += limits.InFlight + max(limits.InFlight, heldAtLeast)
		var said *wmsv1.Account
		said, told[a] = tell(a)
		frame := &wmsv1.CancelOrdersResponse{Frame: &wmsv1.CancelOrdersResponse_Window{Window: &wmsv1.Window{
			Account: said, InFlight: int32(limits.InFlight),
			PerSecond:   limits.PerSecond, //nolint:gosec // bounded by the settings
			ServiceTime: timestamppb.New(s.now()),
		}}}
		if err := stream.Send(frame); err != nil {
			return 0, nil, err
		}
	}
	return capacity, told, nil
}

// learn finds out, for all accounts at once, which server is behind those not heard of lately.
func (s *Service) learn(ctx context.Context) {
	var probes sync.WaitGroup
	for _, a := range *s.accounts.Load() {
		probes.Go(func() { a.Known(ctx, probeWithin) })
	}
	probes.Wait()
}

// flow is one stream at work. The handler's goroutine owns it: it takes items, hands them to workers and is the only
// sender. While it holds as many items as the stream may, or cannot send because the caller does not read, it takes
// none, and the receiver reads none: nothing piles up here.
type flow struct {
	service  *Service
	stream   ordersStream
	capacity int
	// told is what the windows told of each account's server: the stream's items go to no other.
	told map[*account.Account]account.Told
	// place is the call's own in its trace.
	place trace.SpanContext
	// starting ends with the stream, or when the caller says stop: no request of the stream is started after that.
	starting context.Context
	stop     context.CancelFunc

	// items come from the receiver, one at a time; received then says why there are no more, nil after a half-close.
	items    chan *wmsv1.Order
	received chan error
	// jobs go to workers, which are started as they are needed and live as long as the stream.
	jobs    chan *wmsv1.Order
	workers int
	group   sync.WaitGroup
	// answers has room for every item taken, so that a worker never waits for the sender.
	answers     chan answer
	outstanding int
	// closed ends the receiver.
	closed chan struct{}
}

// answer is the end of one item; its frame is nil when the caller went away before the item was sent.
type answer struct{ frame *wmsv1.CancelOrdersResponse }

func (f *flow) run(ctx context.Context) error {
	f.service.receivers.Add(1)
	go f.receive()
	defer close(f.closed)

	reason := f.work(ctx)
	close(f.jobs)
	if reason != nil && f.outstanding > 0 && !f.service.isStopping() {
		f.service.logger.InfoContext(ctx, "the caller is gone; what waits is not sent", "unanswered", f.outstanding)
	}
	// What was taken is seen through, whatever happened to the caller.
	for ; f.outstanding > 0; f.outstanding-- {
		f.deliver(ctx, <-f.answers)
	}
	f.group.Wait()
	return reason
}

// work takes and answers items until there are no more to take.
func (f *flow) work(ctx context.Context) error {
	for {
		items := f.items
		if f.outstanding == f.capacity {
			items = nil
		}
		select {
		case order := <-items:
			f.outstanding++
			f.hand(ctx, order)
		case a := <-f.answers:
			f.outstanding--
			f.deliver(ctx, a)
			// Those that have come meanwhile go too: to wait for any of five things costs more than to take
			// what is there.
			for range len(f.answers) {
				f.outstanding--
				f.deliver(ctx, <-f.answers)
			}
		case err := <-f.received:
			return err
		case <-ctx.Done():
			return callerGone(ctx.Err())
		case <-f.service.stopping:
			return errStopping.err()
		}
	}
}

// receive reads one item at a time. It may be blocked in the transport until the handler has returned.
func (f *flow) receive() {
	defer f.service.receivers.Done()
	for {
		request, err := f.stream.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			f.received <- err
			return
		}
		if request.GetStop() {
			f.stop()
			continue
		}
		select {
		case f.items <- request.GetOrder():
		case <-f.closed:
			return
		}
	}
}

// hand gives the item to an idle worker, or starts one.
func (f *flow) hand(ctx context.Context, order *wmsv1.Order) {
	if f.workers == f.capacity {
		f.jobs <- order
		return
	}
	select {
	case f.jobs <- order:
	default:
		f.workers++
		f.group.Go(func() {
			f.answers <- f.one(ctx, order)
			for order := range f.jobs {
				f.answers <- f.one(ctx, order)
			}
		})
	}
}

// one answers one item.
func (f *flow) one(ctx context.Context, order *wmsv1.Order) answer {
	job, fault := f.service.prepare(order, f.place)
	if fault != nil {
		return answer{
			&wmsv1.CancelOrdersResponse{Frame: &wmsv1.CancelOrdersResponse_Refusal{Refusal: fault.refusal(order)}},
		}
	}
	job.told = f.told[job.account]
	result, err := f.service.cancel(f.starting, job)
	if err != nil {
		if ctx.Err() != nil {
			return answer{}
		}
		result = stoppedResult(job)
	}
	return answer{&wmsv1.CancelOrdersResponse{Frame: &wmsv1.CancelOrdersResponse_Result{Result: result}}}
}

// deliver sends an answer; an outcome that can no longer be delivered is logged.
func (f *flow) deliver(ctx context.Context, a answer) {
	if a.frame == nil {
		return
	}
	if err := f.stream.Send(a.frame); err != nil && a.frame.GetResult() != nil {
		f.service.logUndelivered(ctx, a.frame.GetResult())
	}
}
