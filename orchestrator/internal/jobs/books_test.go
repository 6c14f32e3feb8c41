package jobs

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// frames is a stream that has been answered already.
type frames[T any] struct {
	grpc.ClientStream
	list []*T
}

func (f *frames[T]) Recv() (*T, error) {
	if len(f.list) == 0 {
		return nil, io.EOF
	}
	next := f.list[0]
	f.list = f.list[1:]
	return next, nil
}

// books is a Kingdee behind its adapter, by a clock of the test's own.
type books struct {
	kingdeev1.BillServiceClient
	clock  *time.Time
	asking sync.Mutex
	bills  map[int64]*kingdeev1.AssemblyBill
	// page is how many bills a light page holds.
	page int
	// wholeCenter is the data centre that whole reads come from.
	wholeCenter string
	// zone and offset are those that times are read in; empty for Beijing's.
	zone   string
	offset int32
	// note says why there is no vendor's clock; empty when there is one.
	note string
	// hidden are bills that are there and not shown.
	hidden map[int64]bool
	// hiddenSaysGone: View says of a hidden bill that there is none.
	hiddenSaysGone bool
	// asked are the ids that light reads asked for, viewed those that View was asked about.
	asked, viewed []int64
}

// newBooks is a Kingdee without bills.
func newBooks(clock *time.Time) *books {
	return &books{clock: clock, bills: map[int64]*kingdeev1.AssemblyBill{}, hidden: map[int64]bool{}}
}

// center is the data centre of the books, the shipped scheme's.
const center = "6040d4f5a1b2c3"

func (b *books) account(dc string) *kingdeev1.Account {
	if b.zone != "" {
		return &kingdeev1.Account{DataCenterId: dc, TimeZone: b.zone, UtcOffsetSeconds: b.offset, Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX}
	}
	return &kingdeev1.Account{DataCenterId: dc, TimeZone: "Asia/Shanghai", UtcOffsetSeconds: 28800, Environment: kingdeev1.Environment_ENVIRONMENT_SANDBOX}
}

func (b *books) header(dc string) *kingdeev1.StreamHeader {
	if b.note != "" {
		return &kingdeev1.StreamHeader{VendorTimeNote: b.note, ServiceTime: timestamppb.New(*b.clock), Account: b.account(dc)}
	}
	return &kingdeev1.StreamHeader{VendorTime: timestamppb.New(*b.clock), ServiceTime: timestamppb.New(*b.clock), Account: b.account(dc)}
}

func (b *books) StreamBillStates(_ context.Context, in *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	b.asking.Lock()
	defer b.asking.Unlock()
	var ids []int64
	if asked := in.GetIds().GetIds(); asked != nil {
		b.asked = append(b.asked, asked...)
	}
	for id, bill := range b.bills {
		if b.hidden[id] {
			continue
		}
		s := in.GetChangedSince()
		switch {
		case s != nil:
			newest := bill.GetModifyTime().AsTime()
			for _, t := range []*timestamppb.Timestamp{bill.GetApproveTime(), bill.GetCancelTime(), bill.GetCreateTime()} {
				if t != nil && t.AsTime().After(newest) {
					newest = t.AsTime()
				}
			}
			if id > s.GetAfterId() && !newest.Before(s.GetSince().AsTime()) {
				ids = append(ids, id)
			}
		case in.GetIds() != nil && slices.Contains(in.GetIds().GetIds(), id), in.GetNumbers() != nil && slices.Contains(in.GetNumbers().GetNumbers(), bill.GetNumber()):
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	out := &frames[kingdeev1.StreamBillStatesResponse]{}
	add := func(f *kingdeev1.StreamBillStatesResponse) { out.list = append(out.list, f) }
	add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: b.header(center)}})
	for part := range slices.Chunk(ids, cmp.Or(b.page, 100)) {
		page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(*b.clock), LastId: part[len(part)-1], Rows: int64(len(part))}
		for _, id := range part {
			l := b.bills[id]
			page.States = append(page.States, &kingdeev1.BillState{
				Id: id, Number: l.GetNumber(), StockOrgNumber: "100", DocumentStatus: l.GetDocumentStatus(), CancelStatus: l.GetCancelStatus(),
				AffairType: l.GetAffairType(), CreateTime: l.GetCreateTime(), ModifyTime: l.GetModifyTime(), ApproveTime: l.GetApproveTime(), CancelTime: l.GetCancelTime(),
			})
		}
		add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page}})
	}
	add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Summary{Summary: &kingdeev1.StreamSummary{Rows: int64(len(ids)), Bills: int64(len(ids))}}})
	return out, nil
}

func (b *books) StreamAssemblyBills(_ context.Context, in *kingdeev1.StreamAssemblyBillsRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamAssemblyBillsResponse], error) {
	page := &kingdeev1.BillPage{QueryLeftTime: timestamppb.New(*b.clock)}
	for _, id := range in.GetIds().GetIds() {
		if bill := b.bills[id]; bill != nil && !b.hidden[id] {
			page.Bills = append(page.Bills, bill)
			page.Rows += int64(bill.GetRows())
		}
	}
	return &frames[kingdeev1.StreamAssemblyBillsResponse]{list: []*kingdeev1.StreamAssemblyBillsResponse{
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Header{Header: b.header(cmp.Or(b.wholeCenter, center))}},
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Page{Page: page}},
		{Frame: &kingdeev1.StreamAssemblyBillsResponse_Summary{Summary: &kingdeev1.StreamSummary{Rows: page.GetRows(), Bills: int64(len(page.GetBills()))}}},
	}}, nil
}

func (b *books) GetAssemblyBill(_ context.Context, in *kingdeev1.GetAssemblyBillRequest, _ ...grpc.CallOption) (*kingdeev1.GetAssemblyBillResponse, error) {
	b.viewed = append(b.viewed, in.GetId())
	bill := b.bills[in.GetId()]
	switch {
	case bill == nil || b.hidden[in.GetId()] && b.hiddenSaysGone:
		return nil, apierr.Error{Code: codes.NotFound, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, Message: "no such bill"}.Err()
	case b.hidden[in.GetId()]:
		return nil, apierr.Error{Code: codes.PermissionDenied, Domain: apierr.Kingdee, Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_SHOWN, Message: "not shown"}.Err()
	}
	return &kingdeev1.GetAssemblyBillResponse{Bill: bill, QueryLeftTime: timestamppb.New(*b.clock)}, nil
}

func (b *books) live(id int64, no string, stock string) {
	at := timestamppb.New(b.clock.Add(-time.Hour))
	b.bills[id] = &kingdeev1.AssemblyBill{
		Id: id, Number: no, Rows: 1, StockOrgNumber: "100", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, AffairType: kingdeev1.AffairType_AFFAIR_TYPE_ASSEMBLY,
		CreateTime: at, ModifyTime: at, ApproveTime: at,
		ProductLines: []*kingdeev1.ProductLine{{EntryId: id*10 + 1, MaterialNumber: "M", Quantity: "1", WarehouseNumber: stock}},
	}
}

func (b *books) void(id int64) {
	bill := b.bills[id]
	bill.CancelStatus = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED
	bill.CancelTime, bill.ModifyTime = timestamppb.New(*b.clock), timestamppb.New(*b.clock)
}

func (b *books) fresh(id int64, no, stock string) {
	b.live(id, no, stock)
	b.audit(id)
}

func (b *books) unAudit(id int64) {
	bill := b.bills[id]
	bill.DocumentStatus, bill.ModifyTime = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT, timestamppb.New(*b.clock)
}

func (b *books) audit(id int64) {
	bill := b.bills[id]
	bill.DocumentStatus, bill.ModifyTime, bill.ApproveTime = kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED, timestamppb.New(*b.clock), timestamppb.New(*b.clock)
}
