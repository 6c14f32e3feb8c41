package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

var (
	errIncomplete = errors.New("kingdee adapter ended the stream without its summary")
	errNoHeader   = errors.New("kingdee adapter sent a page before its header")
	// ErrLeft says that a chunk's time is up and its successor is in the queue.
	ErrLeft = errors.New("left to a successor")
	// ErrSuspect: the page that was just stored made the permissions suspect; a person acts before more is read.
	ErrSuspect = errors.New("the user's permissions are suspect")
	// ErrStopping: the process is asked to end, so the read was cut off.
	ErrStopping = errors.New("the process is stopping")
)

// Reader reads Kingdee through its adapter and lets nothing pass that is not of the scheme's own books.
type Reader struct {
	Kingdee kingdeev1.BillServiceClient
	Entry   Entry
	// Watermark says what the books were so far; nil before the baseline.
	Watermark *ledger.Watermark
	Now       func() time.Time
	// Stopping cuts reads off when it is closed; nil for reads that are seen through.
	Stopping <-chan struct{}
}

// Ending says whether reads are cut off by now.
func (r Reader) Ending() bool {
	select {
	case <-r.Stopping:
		return true
	default:
		return false
	}
}

// cutOff ends ctx when the process is asked to end, and when a frame is waited for longer than Kingdee's pace allows.
// done must be called; it makes of a read's error what it was about.
func (r Reader) cutOff(ctx context.Context) (_ context.Context, waiting *wait, done func(error) error) {
	ctx, waiting, cancel := r.Entry.Pace.patient(ctx)
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-r.Stopping:
			cancel()
		case <-over:
		}
	})
	return ctx, waiting, func(err error) error {
		close(over)
		watching.Wait()
		cancel()
		if !IsStatus(err) {
			return err
		}
		if r.Ending() {
			return ErrStopping
		}
		return waiting.fault(err)
	}
}

// Ask is the request for one bill, by Kingdee's own word, as the scheme reads its form.
func (e Entry) Ask(id int64) *kingdeev1.GetBillRequest {
	return &kingdeev1.GetBillRequest{FormId: e.Form, Id: id, Keys: e.Keys, ClosedEnds: e.ClosedEnds}
}

// States reads light. header is called once, before any page. A key that Kingdee does not know stops the scheme.
func (r Reader) States(ctx context.Context, request *kingdeev1.StreamBillStatesRequest, header func(DataCentre) error,
	page func(*kingdeev1.StatePage) error) error {
	ctx, waiting, done := r.cutOff(ctx)
	request.FormId, request.Keys, request.ClosedEnds = r.Entry.Form, r.Entry.Keys, r.Entry.ClosedEnds
	stream, err := r.Kingdee.StreamBillStates(ctx, request)
	if err != nil {
		return stopped(done(err))
	}
	var got kingdeev1.StreamSummary
	return stopped(done(drain(r, waiting, stream.Recv, &got, header,
		func(frame *kingdeev1.StreamBillStatesResponse) error {
			p := frame.GetPage()
			if p == nil {
				return nil
			}
			got.Rows += p.GetRows()
			got.Bills += int64(len(p.GetStates()))
			got.Problems += int64(len(p.GetProblems()))
			return page(p)
		})))
}

// bills reads whole bills by id, component lines and the scheme's extra fields too. A field that Kingdee does not know
// stops the scheme: nothing it says of bills could be relied on.
func (r Reader) bills(ctx context.Context, ids []int64, page func(*kingdeev1.BillPage) error) error {
	return stopped(r.wholeBills(ctx, ids, page))
}

// stopped makes a stop of the scheme of an error that names a field Kingdee does not know.
func stopped(err error) error {
	if info := apierr.Info(err, apierr.Kingdee); apierr.HasReason(err, apierr.Kingdee,
		kingdeev1.ErrorReason_ERROR_REASON_FIELD_UNKNOWN) {
		return &StopError{
			Reason: rule.StopFieldUnknown, Detail: "Kingdee does not know the field " + info.GetMetadata()["field"],
		}
	}
	return err
}

func (r Reader) wholeBills(ctx context.Context, ids []int64, page func(*kingdeev1.BillPage) error) error {
	ctx, waiting, done := r.cutOff(ctx)
	stream, err := r.Kingdee.StreamBills(ctx, &kingdeev1.StreamBillsRequest{
		FormId: r.Entry.Form, Keys: r.Entry.Keys, ClosedEnds: r.Entry.ClosedEnds,
		Selection:       &kingdeev1.StreamBillsRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
		FurtherEntities: furtherEntities(r.Entry.BillForm()),
		ExtraBillKeys:   r.Entry.ExtraBillFields, ExtraLineKeys: r.Entry.ExtraLineFields,
	})
	if err != nil {
		return done(err)
	}
	var got kingdeev1.StreamSummary
	return done(drain(r, waiting, stream.Recv, &got, func(DataCentre) error { return nil },
		func(frame *kingdeev1.StreamBillsResponse) error {
			p := frame.GetPage()
			if p == nil {
				return nil
			}
			got.Rows += p.GetRows()
			got.Bills += int64(len(p.GetBills()))
			got.Problems += int64(len(p.GetProblems()))
			return page(p)
		}))
}

// frame is what both kinds of stream have.
type frame interface {
	GetHeader() *kingdeev1.StreamHeader
	GetSummary() *kingdeev1.StreamSummary
}

// drain takes a stream's frames until its summary, which must count what came. got counts what the pages held.
func drain[F frame](r Reader, waiting *wait, recv func() (F, error), got *kingdeev1.StreamSummary,
	header func(DataCentre) error, page func(F) error) error {
	begun := false
	for {
		waiting.begin()
		f, err := recv()
		waiting.end()
		if errors.Is(err, io.EOF) {
			return errIncomplete
		}
		if err != nil {
			return err
		}
		switch h, s := f.GetHeader(), f.GetSummary(); {
		case h != nil:
			a, err := checkHeader(h, r.Entry, r.Watermark, r.Now())
			if err != nil {
				return err
			}
			if err := header(a); err != nil {
				return err
			}
			begun = true
		case !begun:
			return errNoHeader
		case s != nil:
			if s.GetRows() != got.Rows || s.GetBills() != got.Bills || s.GetProblems() != got.Problems {
				return fmt.Errorf("kingdee adapter says it sent %d rows and %d bills; %d and %d arrived",
					s.GetRows(), s.GetBills(), got.Rows, got.Bills)
			}
			return nil
		default:
			if err := page(f); err != nil {
				return err
			}
		}
	}
}
