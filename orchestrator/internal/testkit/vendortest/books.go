package vendortest

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// Frames is a stream that has been answered already.
type Frames[T any] struct {
	grpc.ClientStream
	List []*T
}

func (f *Frames[T]) Recv() (*T, error) {
	if len(f.List) == 0 {
		return nil, io.EOF
	}
	next := f.List[0]
	f.List = f.List[1:]
	return next, nil
}

// Books is a Kingdee behind its adapter, by a clock of the test's own.
type Books struct {
	kingdeev1.BillServiceClient
	Clock  *time.Time
	asking sync.Mutex
	Bills  map[int64]*kingdeev1.Bill
	// Page is how many bills a light page holds.
	Page int
	// WholeCenter is the data centre that whole reads come from.
	WholeCenter string
	// Zone and offset are those that times are read in; empty for Beijing's.
	Zone   string
	Offset int32
	// Real: the server is no sandbox.
	Real bool
	// Note says why there is no vendor's clock; empty when there is one.
	Note string
	// Hidden are bills that are there and not shown.
	Hidden map[int64]bool
	// HiddenSaysGone: View says of a hidden bill that there is none.
	HiddenSaysGone bool
	// Asked are the ids that light reads asked for, viewed those that View was asked about.
	Asked, Viewed []int64
}

// NewBooks is a Kingdee without bills.
func NewBooks(clock *time.Time) *Books {
	return &Books{Clock: clock, Bills: map[int64]*kingdeev1.Bill{}, Hidden: map[int64]bool{}}
}

// Center is the data centre of the books, the shipped scheme's.
const Center = "6040d4f5a1b2c3"

func (b *Books) account(dc string) *kingdeev1.Account {
	environment := kingdeev1.Environment_ENVIRONMENT_SANDBOX
	if b.Real {
		environment = kingdeev1.Environment_ENVIRONMENT_REAL
	}
	if b.Zone != "" {
		return &kingdeev1.Account{DataCenterId: dc, TimeZone: b.Zone, UtcOffsetSeconds: b.Offset,
			Environment: environment}
	}
	return &kingdeev1.Account{
		DataCenterId: dc, TimeZone: "Asia/Shanghai", UtcOffsetSeconds: 28800, Environment: environment,
	}
}

func (b *Books) Header(dc string) *kingdeev1.StreamHeader {
	if b.Note != "" {
		return &kingdeev1.StreamHeader{
			VendorTimeNote: b.Note, ServiceTime: timestamppb.New(*b.Clock), Account: b.account(dc),
		}
	}
	return &kingdeev1.StreamHeader{VendorTime: timestamppb.New(*b.Clock), ServiceTime: timestamppb.New(*b.Clock),
		Account: b.account(dc)}
}

func (b *Books) StreamBillStates(_ context.Context, in *kingdeev1.StreamBillStatesRequest,
	_ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	b.asking.Lock()
	defer b.asking.Unlock()
	var ids []int64
	if asked := in.GetIds().GetIds(); asked != nil {
		b.Asked = append(b.Asked, asked...)
	}
	for id, bill := range b.Bills {
		if b.Hidden[id] {
			continue
		}
		s := in.GetChangedSince()
		switch {
		case s != nil:
			newest := bill.GetModifyTime().AsTime()
			dates := []*timestamppb.Timestamp{bill.GetApproveTime(), bill.GetCancelTime(), bill.GetCreateTime()}
			if in.GetClosedEnds() {
				dates = append(dates, bill.GetCloseTime())
			}
			for _, t := range dates {
				if t != nil && t.AsTime().After(newest) {
					newest = t.AsTime()
				}
			}
			if id > s.GetAfterId() && !newest.Before(s.GetSince().AsTime()) {
				ids = append(ids, id)
			}
		case in.GetIds() != nil && slices.Contains(in.GetIds().GetIds(), id),
			in.GetNumbers() != nil && slices.Contains(in.GetNumbers().GetNumbers(), bill.GetNumber()):
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	out := &Frames[kingdeev1.StreamBillStatesResponse]{}
	add := func(f *kingdeev1.StreamBillStatesResponse) { out.List = append(out.List, f) }
	add(&kingdeev1.StreamBillStatesResponse{
		Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: b.Header(Center)},
	})
	for part := range slices.Chunk(ids, cmp.Or(b.Page, 100)) {
		page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(*b.Clock), LastId: part[len(part)-1],
			Rows: int64(len(part))}
		for _, id := range part {
			l := shown(b.Bills[id], in.GetClosedEnds())
			page.States = append(page.States, &kingdeev1.BillState{
				Id: id, Number: l.GetNumber(), OrgNumber: l.GetOrgNumber(), Kind: l.GetKind(),
				DocumentStatus: l.GetDocumentStatus(), CancelStatus: l.GetCancelStatus(),
				CreateTime: l.GetCreateTime(), ModifyTime: l.GetModifyTime(),
				ApproveTime: l.GetApproveTime(), CancelTime: l.GetCancelTime(),
				EndState: l.GetEndState(), CloseTime: l.GetCloseTime(),
			})
		}
		add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page}})
	}
	add(&kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Summary{
		Summary: &kingdeev1.StreamSummary{Rows: int64(len(ids)), Bills: int64(len(ids))},
	}})
	return out, nil
}

func (b *Books) StreamBills(_ context.Context, in *kingdeev1.StreamBillsRequest,
	_ ...grpc.CallOption) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	page := &kingdeev1.BillPage{QueryLeftTime: timestamppb.New(*b.Clock)}
	for _, id := range in.GetIds().GetIds() {
		if bill := b.Bills[id]; bill != nil && !b.Hidden[id] {
			page.Bills = append(page.Bills, shown(bill, in.GetClosedEnds()))
			page.Rows += int64(bill.GetRows())
		}
	}
	return &Frames[kingdeev1.StreamBillsResponse]{List: []*kingdeev1.StreamBillsResponse{
		{Frame: &kingdeev1.StreamBillsResponse_Header{Header: b.Header(cmp.Or(b.WholeCenter, Center))}},
		{Frame: &kingdeev1.StreamBillsResponse_Page{Page: page}},
		{Frame: &kingdeev1.StreamBillsResponse_Summary{Summary: &kingdeev1.StreamSummary{
			Rows: page.GetRows(), Bills: int64(len(page.GetBills())),
		}}},
	}}, nil
}

func (b *Books) GetBill(_ context.Context, in *kingdeev1.GetBillRequest,
	_ ...grpc.CallOption) (*kingdeev1.GetBillResponse, error) {
	b.Viewed = append(b.Viewed, in.GetId())
	bill := b.Bills[in.GetId()]
	switch {
	case bill == nil || b.Hidden[in.GetId()] && b.HiddenSaysGone:
		return nil, apierr.Error{
			Code: codes.NotFound, Domain: apierr.Kingdee,
			Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, Message: "no such bill",
		}.Err()
	case b.Hidden[in.GetId()]:
		return nil, apierr.Error{
			Code: codes.PermissionDenied, Domain: apierr.Kingdee,
			Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_SHOWN, Message: "not shown",
		}.Err()
	}
	return &kingdeev1.GetBillResponse{
		Bill: shown(bill, in.GetClosedEnds()), QueryLeftTime: timestamppb.New(*b.Clock),
	}, nil
}

// shown is a bill as a request sees it: whether it is closed only where the request counts that.
func shown(bill *kingdeev1.Bill, closedEnds bool) *kingdeev1.Bill {
	if closedEnds || bill.GetEndState() != kingdeev1.EndState_END_STATE_CLOSED {
		return bill
	}
	open := proto.CloneOf(bill)
	open.EndState, open.CloseTime = kingdeev1.EndState_END_STATE_NONE, nil
	return open
}

// Close closes a bill 关闭, which moves no other date than its own.
func (b *Books) Close(id int64) {
	bill := b.Bills[id]
	bill.EndState, bill.CloseTime = kingdeev1.EndState_END_STATE_CLOSED, timestamppb.New(*b.Clock)
}

// Reopen takes a close back 反关闭.
func (b *Books) Reopen(id int64) {
	bill := b.Bills[id]
	bill.EndState, bill.CloseTime = kingdeev1.EndState_END_STATE_NONE, nil
	bill.ModifyTime = timestamppb.New(*b.Clock)
}

func (b *Books) Live(id int64, no string, stock string) {
	at := timestamppb.New(b.Clock.Add(-time.Hour))
	created := at
	if before := b.Bills[id]; before != nil {
		created = before.GetCreateTime()
	}
	b.Bills[id] = &kingdeev1.Bill{
		Id: id, Number: no, Rows: 1, OrgNumber: "100", DocumentStatus: kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		CancelStatus: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED, Kind: form.Assembly,
		CreateTime: created, ModifyTime: at, ApproveTime: at,
		Entities: []*kingdeev1.EntityLines{{Name: "FEntity", Lines: []*kingdeev1.Line{
			{Id: id*10 + 1, MaterialNumber: "M", Quantity: "1", WarehouseNumber: stock},
		}}},
	}
}

func (b *Books) Void(id int64) {
	bill := b.Bills[id]
	bill.CancelStatus, bill.EndState = kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED,
		kingdeev1.EndState_END_STATE_VOIDED
	bill.CancelTime, bill.ModifyTime = timestamppb.New(*b.Clock), timestamppb.New(*b.Clock)
}

func (b *Books) Fresh(id int64, no, stock string) {
	b.Live(id, no, stock)
	b.Audit(id)
}

func (b *Books) UnAudit(id int64) {
	bill := b.Bills[id]
	bill.DocumentStatus, bill.ModifyTime = kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT, timestamppb.New(*b.Clock)
}

func (b *Books) Audit(id int64) {
	bill := b.Bills[id]
	bill.DocumentStatus, bill.ModifyTime, bill.ApproveTime = kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		timestamppb.New(*b.Clock), timestamppb.New(*b.Clock)
}
