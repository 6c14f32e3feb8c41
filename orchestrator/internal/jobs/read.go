package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// streamTimeout ends a read from kingdeesvc.
const streamTimeout = 25 * time.Second

var (
	errIncomplete = errors.New("kingdee adapter ended the stream without its summary")
	errNoHeader   = errors.New("kingdee adapter sent a page before its header")
)

// reader reads Kingdee through its adapter and lets nothing pass that is not of the scheme's own books.
type reader struct {
	kingdee kingdeev1.BillServiceClient
	entry   entry
	// mark says what the books were so far; nil before the baseline.
	mark *ledger.Mark
	now  func() time.Time
}

// states reads light. header is called once, before any page.
func (r reader) states(ctx context.Context, request *kingdeev1.StreamBillStatesRequest, header func(account) error, page func(*kingdeev1.StatePage) error) error {
	stream, err := r.kingdee.StreamBillStates(ctx, request)
	if err != nil {
		return err
	}
	var got kingdeev1.StreamSummary
	return drain(r, stream.Recv, &got, header, func(frame *kingdeev1.StreamBillStatesResponse) error {
		p := frame.GetPage()
		if p == nil {
			return nil
		}
		got.Rows += p.GetRows()
		got.Bills += int64(len(p.GetStates()))
		got.Problems += int64(len(p.GetProblems()))
		return page(p)
	})
}

// bills reads whole bills by id, component lines too.
func (r reader) bills(ctx context.Context, ids []int64, page func(*kingdeev1.BillPage) error) error {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	stream, err := r.kingdee.StreamAssemblyBills(ctx, &kingdeev1.StreamAssemblyBillsRequest{
		Selection:  &kingdeev1.StreamAssemblyBillsRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
		Components: true,
	})
	if err != nil {
		return err
	}
	var got kingdeev1.StreamSummary
	return drain(r, stream.Recv, &got, func(account) error { return nil }, func(frame *kingdeev1.StreamAssemblyBillsResponse) error {
		p := frame.GetPage()
		if p == nil {
			return nil
		}
		got.Rows += p.GetRows()
		got.Bills += int64(len(p.GetBills()))
		got.Problems += int64(len(p.GetProblems()))
		return page(p)
	})
}

// frame is what both kinds of stream have.
type frame interface {
	GetHeader() *kingdeev1.StreamHeader
	GetSummary() *kingdeev1.StreamSummary
}

// drain takes a stream's frames until its summary, which must count what came. got counts what the pages held.
func drain[F frame](r reader, recv func() (F, error), got *kingdeev1.StreamSummary, header func(account) error, page func(F) error) error {
	begun := false
	for {
		f, err := recv()
		if errors.Is(err, io.EOF) {
			return errIncomplete
		}
		if err != nil {
			return err
		}
		switch h, s := f.GetHeader(), f.GetSummary(); {
		case h != nil:
			a, err := checkHeader(h, r.entry, r.mark, r.now())
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
				return fmt.Errorf("kingdee adapter says it sent %d rows and %d bills; %d and %d arrived", s.GetRows(), s.GetBills(), got.Rows, got.Bills)
			}
			return nil
		default:
			if err := page(f); err != nil {
				return err
			}
		}
	}
}
