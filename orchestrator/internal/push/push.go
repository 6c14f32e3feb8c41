package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	"github.com/voidrelay/voidrelay/proto/apierr"
	wmsv1 "github.com/voidrelay/voidrelay/proto/gen/wms/v1"
)

// maxInFlight bounds a window, whatever the adapter announces.
const maxInFlight = 512

// push streams one batch through CancelOrders: an intent on disk first, then the request, and never more intents
// without an answer than the account's window has places.
type push struct {
	*Batcher
	entry     intake.Entry
	watermark *ledger.Watermark
	account   string
	ready     []ledger.Due

	stream  wmsv1.OrderService_CancelOrdersClient
	window  *window
	records *records

	mu       sync.Mutex
	inFlight map[attemptKey]ledger.Due
	// answered has an entry whenever everything that was handed over is answered.
	answered chan struct{}
	halt     *halt
	// trouble counts results that brought nobody further, and keeps one of them.
	tell    sync.Mutex
	trouble int
	example ledger.Result
	// refused are the results that say that our login is not accepted.
	refused []ledger.Result
	// asking are the questions that results gave cause for, each at most once a batch.
	asking                         sync.WaitGroup
	suspected, fellSilent, resting sync.Once
	traces                         *orderTraces
}

type attemptKey struct {
	id      int64
	attempt int
}

// run answers a LaterError when nothing was handed over at all.
func (p *push) run(ctx context.Context) error {
	ctx, traces, done := traceBatch(ctx, p.Tracer, p.account, p.ready)
	defer done()
	p.traces = traces
	streamCtx, cancel := context.WithTimeout(ctx, answerBy)
	defer cancel()
	if err := p.open(streamCtx, cancel); err != nil {
		return err
	}
	p.inFlight = map[attemptKey]ledger.Due{}
	p.answered = make(chan struct{}, 1)
	p.halt = newHalt()
	p.records = p.Recorder.begin()
	var watching sync.WaitGroup
	watching.Go(func() {
		p.halt.follow(streamCtx, func(ctx context.Context) (bool,
			error) {
			return p.Store.MaySend(ctx, p.entry.Name, p.account)
		})
	})
	defer func() {
		cancel()
		watching.Wait()
	}()
	received := make(chan error, 1)
	go func() {
		// Once no answer can come any more, nothing more is handed over.
		defer cancel()
		received <- p.receive()
	}()
	sendErr := p.sendAll(streamCtx)
	if sendErr == nil {
		sendErr = p.callBack(streamCtx)
	}
	if err := p.stream.CloseSend(); err != nil && sendErr == nil {
		sendErr = err
	}
	recvErr := <-received
	p.closeUnanswered(errors.Join(sendErr, recvErr))
	p.asking.Wait()
	if p.trouble > 0 {
		p.Logger.WarnContext(ctx, "requests to the WMS came to nothing", slog.String("scheme", p.entry.Name),
			slog.String("account", p.account),
			slog.Int("requests", p.trouble), slog.String("disposition", string(p.example.Answer.Disposition)),
			slog.String("detail", cmp.Or(p.example.Detail, p.example.VendorMessage)))
	}
	if err := p.records.close(); err != nil {
		return err
	}
	if isLedger(sendErr) {
		return sendErr
	}
	return p.Doorman.weigh(ctx, p.account, p.refused)
}

// windowWithin is how long the windows may take: wmssvc may have to ask an unknown server what it is.
const windowWithin = 8 * time.Second

// open starts the stream and reads the window of our account: which WMS it is, and how many at a time. It ends the
// stream itself when none comes in time.
func (p *push) open(ctx context.Context, cancel func()) error {
	late := time.AfterFunc(windowWithin, cancel)
	defer late.Stop()
	stream, err := p.WMS.CancelOrders(ctx)
	if err != nil {
		return &LaterError{reason: intake.VendorFault(apierr.WMS, err)}
	}
	for {
		frame, err := stream.Recv()
		if err != nil {
			return p.noWindow(context.WithoutCancel(ctx), err)
		}
		w := frame.GetWindow()
		if w == nil {
			return p.noWindow(context.WithoutCancel(ctx), errNoWindow)
		}
		if w.GetAccount().GetName() != p.account {
			continue
		}
		if err := p.checkWindow(ctx, w); err != nil {
			return err
		}
		p.stream, p.window = stream, p.Windows.of(p.account, sizeOf(w))
		return nil
	}
}

// sizeOf is how many requests of a window make sense: as many as may be in flight, and no more than the account's pace
// starts within two seconds. What would wait longer at wmssvc comes back unsent, and has left an attempt for nothing.
func sizeOf(w *wmsv1.Window) int {
	size := min(int(w.GetInFlight()), maxInFlight)
	if w.GetPerSecond() > 0 {
		size = min(size, int(2*w.GetPerSecond()))
	}
	return max(1, size)
}

// noWindow tells an account that this host's wmssvc does not have from a service that is away. Either way another host
// may be able to send.
func (p *push) noWindow(ctx context.Context, cause error) error {
	if found := p.Doorman.check(ctx, p.account); found.standing == missing {
		if err := p.Doorman.open(ctx, ledger.Condition{
			Kind: rule.ConditionAccountMissing, Account: p.account, Host: p.Doorman.Host, Detail: found.detail,
			ProbeAfter: awayPace.First,
		}); err != nil {
			return &ledgerError{err}
		}
		return &LaterError{reason: found.detail}
	}
	return &LaterError{reason: intake.VendorFault(apierr.WMS, cause)}
}

var errNoWindow = errors.New("wms adapter announced no window for the account")

// checkWindow refuses a WMS that does not go with the scheme's books, and hosts whose clocks differ.
func (p *push) checkWindow(ctx context.Context, w *wmsv1.Window) error {
	env, known := Environment(w.GetAccount().GetEnvironment())
	if !known {
		// Nothing is tried before it is known. The harmless call tells whether it is the WMS that is away.
		const detail = "the WMS has not answered yet, so it is not known whether it is real or a sandbox"
		p.Doorman.suspect(context.WithoutCancel(ctx), p.account, detail)
		return &LaterError{reason: detail}
	}
	if string(env) != p.watermark.Environment {
		return &intake.StopError{Reason: rule.StopMixed,
			Detail: fmt.Sprintf("kingdee is %s and WMS account %s is %s", p.watermark.Environment, p.account, env)}
	}
	sid := w.GetAccount().GetSid()
	kept, err := p.Store.BindAccount(ctx, p.entry.Name, p.account, sid)
	if err != nil {
		return &ledgerError{err}
	}
	if kept != sid {
		return &intake.StopError{Reason: rule.StopAccount,
			Detail: fmt.Sprintf("account %s was sid %s when the scheme began, it is %s now", p.account, kept, sid)}
	}
	if apart := intake.TimeOf(w.GetServiceTime()).Sub(p.Now()).Abs(); apart > intake.ClockTolerance {
		detail := clocksApart(apart)
		if err := p.Doorman.open(context.WithoutCancel(ctx), ledger.Condition{
			Kind: rule.ConditionClocksApart, Account: p.account, Host: p.Doorman.Host, Detail: detail,
			ProbeAfter: awayPace.First,
		}); err != nil {
			return &ledgerError{err}
		}
		return &LaterError{reason: detail}
	}
	return nil
}

// sendAll takes leases and hands over as room comes, until everything is sent or the time for leases is up.
func (p *push) sendAll(ctx context.Context) error {
	until := time.Now().Add(leaseFor)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-afterLease).Before(until) {
		// A verification has eaten into the job's time: what has a lease must still be answered within it.
		until = deadline.Add(-afterLease)
	}
	// Nor does a batch wait longer for a place: others may have them all.
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	for len(p.ready) > 0 && time.Now().Before(until) {
		room := p.window.take(waiting, len(p.ready), p.Stopping, p.halt.off)
		if room == 0 {
			return ctx.Err()
		}
		group := p.ready[:room]
		p.ready = p.ready[room:]
		leased, err := p.handOver(ctx, group)
		p.window.give(room - leased)
		if err != nil {
			return err
		}
	}
	return nil
}

// callBack waits for the answers of what was handed over. When sending is stopped meanwhile, it tells wmssvc to start
// nothing that still waits there for its turn; that is answered as not sent.
func (p *push) callBack(ctx context.Context) error {
	for {
		p.mu.Lock()
		waiting := len(p.inFlight)
		p.mu.Unlock()
		if waiting == 0 {
			return nil
		}
		select {
		case <-p.halt.off:
			return p.stream.Send(&wmsv1.CancelOrdersRequest{Stop: true})
		case <-p.answered:
		case <-ctx.Done():
			return nil
		}
	}
}

// keep closes intents that were never handed over to anybody: those alone we can vouch for ourselves.
func (p *push) keep(leased []ledger.Due, why string) {
	for _, d := range leased {
		if due, ok := p.take(d.ID, d.Attempt); ok {
			result := blank(due)
			result.Answer, result.Detail = rule.Answer{Disposition: rule.NotSent}, why
			p.record(due, result)
		}
	}
}

func (p *push) orderOf(d ledger.Due) *wmsv1.Order {
	return &wmsv1.Order{
		Account: d.Account, WarehouseCode: d.WarehouseCode, OrderCode: d.OrderCode,
		OrderType: d.OrderType, CancelReason: d.CancelReason,
		ExtendProps: d.ExtendProps, OwnerCode: d.OwnerCode, CancellationId: d.ID,
		Attempt:    int32(d.Attempt), //nolint:gosec // attempts are few
		SendBefore: timestamppb.New(d.SendBefore), Traceparent: p.traces.begin(d),
	}
}

// receive takes answers until the stream ends. Nil when the service ended it in order.
func (p *push) receive() error {
	for {
		frame, err := p.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			// Whatever ends a stream says nothing of the items on it.
			return err
		}
		switch {
		case frame.GetResult() != nil:
			answer := frame.GetResult()
			if due, ok := p.take(answer.GetCancellationId(), int(answer.GetAttempt())); ok {
				p.record(due, resultOf(due, answer))
			}
		case frame.GetRefusal() != nil:
			refusal := frame.GetRefusal()
			if due, ok := p.take(refusal.GetCancellationId(), int(refusal.GetAttempt())); ok {
				p.record(due, refusalOf(due, refusal))
			}
		}
	}
}

func (p *push) record(due ledger.Due, result ledger.Result) {
	crashpoint.Here(crashpoint.BeforeOutcome)
	switch result.Answer.Disposition {
	case rule.NotSent, rule.Throttled, rule.Unknown, rule.Auth:
		p.tell.Lock()
		p.trouble++
		p.example = result
		if result.Answer.Disposition == rule.Auth {
			p.refused = append(p.refused, result)
			// Before more are refused it is found out whether it is the account.
			p.halt.now()
		}
		p.tell.Unlock()
	}
	p.heed(due, result)
	judged := complete(p.Registry, due, result, p.Now())
	if judged.Next.Work != rule.WorkOutcomeUnknown {
		p.keepResult(due, judged)
		return
	}
	// The cap counts only while the WMS answers: before a person is asked it is asked whether it does. This may be the
	// failure that begins an outage.
	p.asking.Go(func() {
		if !p.Doorman.answers(context.Background(), p.account) {
			judged = complete(p.Registry, forgiven(due), result, p.Now())
		}
		p.keepResult(due, judged)
	})
}

func (p *push) keepResult(due ledger.Due, judged ledger.Result) {
	p.traces.end(due, judged)
	tellOutcome(p.Logger, due, judged)
	p.records.add(judged)
}

// heed draws from a result what it says of the account. After one without an answer the harmless call is made; so many
// of them in a row, or a WMS that asks to be left alone, end the batch.
func (p *push) heed(due ledger.Due, result ledger.Result) {
	if result.OfStream {
		return // the adapter's end, not the WMS's
	}
	ctx, detail := context.Background(), cmp.Or(result.Detail, result.VendorMessage)
	ask := func(once *sync.Once, question func()) { once.Do(func() { p.asking.Go(question) }) }
	heard, away := p.Doorman.hear(p.account, due.ID, result.Answer)
	switch {
	case heard == rule.HeardRest:
		p.halt.now()
		ask(&p.resting, func() {
			p.Doorman.told(ctx, p.Doorman.open(ctx, restOf(p.account, detail, result.Answer.RetryAfter)))
		})
	case heard == rule.HeardSilence && away:
		p.halt.now()
		ask(&p.fellSilent, func() { p.Doorman.silent(ctx, p.account, detail) })
	case heard == rule.HeardSilence:
		ask(&p.suspected, func() {
			if p.Doorman.suspect(ctx, p.account, detail) {
				p.halt.now()
			}
		})
	}
}

// take takes what was answered off the requests in flight, and gives its place back.
func (p *push) take(id int64, attempt int) (ledger.Due, bool) {
	p.mu.Lock()
	due, ok := p.inFlight[attemptKey{id, attempt}]
	delete(p.inFlight, attemptKey{id, attempt})
	left := len(p.inFlight)
	p.mu.Unlock()
	if ok {
		p.window.give(1)
	}
	if left == 0 {
		select {
		case p.answered <- struct{}{}:
		default:
		}
	}
	return due, ok
}

// closeUnanswered makes unknown of everything that was handed over, or may have been, and not answered.
func (p *push) closeUnanswered(err error) {
	detail := "the stream ended without an answer"
	if err != nil {
		detail += ": " + err.Error()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, due := range p.inFlight {
		p.record(due, unanswered(due, detail))
	}
	p.window.give(len(p.inFlight))
	p.inFlight = nil
}

// ledgerError is a fault of our own database, not of the stream.
type ledgerError struct{ err error }

func (e *ledgerError) Error() string { return e.err.Error() }
func (e *ledgerError) Unwrap() error { return e.err }

func isLedger(err error) bool {
	var l *ledgerError
	return errors.As(err, &l)
}

// Environment is what a WMS account said it is; false while it has not said.
func Environment(env wmsv1.Environment) (scheme.Environment, bool) {
	switch env {
	case wmsv1.Environment_ENVIRONMENT_REAL:
		return scheme.Real, true
	case wmsv1.Environment_ENVIRONMENT_SANDBOX:
		return scheme.Sandbox, true
	default:
		return "", false
	}
}
