package rpc

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"

	"github.com/voidrelay/voidrelay/kingdeesvc/internal/bills"
)

// pageBytes bounds a page on the wire, unless one bill alone is larger; room is left for the page's own fields.
const pageBytes = 1<<20 - 1<<10

// totals is what the summary says.
type totals struct{ rows, bills, problems int64 }

func (t *totals) add(rows int64, bills, problems int) {
	t.rows += rows
	t.bills += int64(bills)
	t.problems += int64(problems)
}

func (t *totals) summary() *kingdeev1.StreamSummary {
	return &kingdeev1.StreamSummary{Rows: t.rows, Bills: t.bills, Problems: t.problems}
}

// billFrames writes the frames of StreamBills.
type billFrames struct {
	stream kingdeev1.BillService_StreamBillsServer
	totals totals
}

func (f *billFrames) header(h *kingdeev1.StreamHeader) error {
	return f.stream.Send(&kingdeev1.StreamBillsResponse{Frame: &kingdeev1.StreamBillsResponse_Header{Header: h}})
}

func (f *billFrames) summary() error {
	frame := &kingdeev1.StreamBillsResponse_Summary{Summary: f.totals.summary()}
	return f.stream.Send(&kingdeev1.StreamBillsResponse{Frame: frame})
}

func (f *billFrames) page(whole bills.Page) error {
	for _, parts := range cut(parts(whole.Bills, whole.Problems)) {
		page := billPage(parts, whole.Left)
		f.totals.add(page.GetRows(), len(page.GetBills()), len(page.GetProblems()))
		frame := &kingdeev1.StreamBillsResponse_Page{Page: page}
		if err := f.stream.Send(&kingdeev1.StreamBillsResponse{Frame: frame}); err != nil {
			return err
		}
	}
	return nil
}

func billPage(parts []part, left time.Time) *kingdeev1.BillPage {
	page := &kingdeev1.BillPage{QueryLeftTime: timestamppb.New(left)}
	for _, p := range parts {
		page.LastId = max(page.GetLastId(), p.GetId())
		switch p := p.(type) {
		case *kingdeev1.Bill:
			page.Bills = append(page.Bills, p)
			page.Rows += int64(p.GetRows())
		case *kingdeev1.BillProblem:
			page.Problems = append(page.Problems, p)
			page.Rows += int64(p.GetRows())
		}
	}
	return page
}

// stateFrames writes the frames of StreamBillStates.
type stateFrames struct {
	stream kingdeev1.BillService_StreamBillStatesServer
	totals totals
}

func (f *stateFrames) header(h *kingdeev1.StreamHeader) error {
	return f.stream.Send(&kingdeev1.StreamBillStatesResponse{
		Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: h},
	})
}

func (f *stateFrames) summary() error {
	return f.stream.Send(&kingdeev1.StreamBillStatesResponse{
		Frame: &kingdeev1.StreamBillStatesResponse_Summary{Summary: f.totals.summary()},
	})
}

func (f *stateFrames) page(whole bills.StatePage) error {
	for _, parts := range cut(parts(whole.States, whole.Problems)) {
		page := statePage(parts, whole.Left)
		f.totals.add(page.GetRows(), len(page.GetStates()), len(page.GetProblems()))
		if err := f.stream.Send(&kingdeev1.StreamBillStatesResponse{
			Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page},
		}); err != nil {
			return err
		}
	}
	return nil
}

func statePage(parts []part, left time.Time) *kingdeev1.StatePage {
	page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(left)}
	for _, p := range parts {
		page.LastId = max(page.GetLastId(), p.GetId())
		switch p := p.(type) {
		case *kingdeev1.BillState:
			page.States = append(page.States, p)
			page.Rows++
		case *kingdeev1.BillProblem:
			page.Problems = append(page.Problems, p)
			page.Rows += int64(p.GetRows())
		}
	}
	return page
}

// part is what pages are made of: a bill, a state or a problem.
type part interface {
	proto.Message
	GetId() int64
}

// parts puts good ones and problems in the order of their ids, so that last_id is true of every frame cut from them.
func parts[T part](good []T, problems []*kingdeev1.BillProblem) []part {
	all := make([]part, 0, len(good)+len(problems))
	for _, g := range good {
		all = append(all, g)
	}
	for _, p := range problems {
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(a.GetId(), b.GetId()) })
	return all
}

// cut divides parts so that each run fits a page; a part that is larger than that stands alone.
func cut(all []part) [][]part {
	var runs [][]part
	from, size := 0, 0
	for i, p := range all {
		bytes := proto.Size(p) + 8 // a tag and a length
		if i > from && size+bytes > pageBytes {
			runs = append(runs, all[from:i])
			from, size = i, 0
		}
		size += bytes
	}
	if from < len(all) {
		runs = append(runs, all[from:])
	}
	return runs
}
