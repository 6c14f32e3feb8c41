package worker

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/ruletest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/vendortest"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// randomKingdee is a Kingdee whose bills live at random, behind its adapter. What it is asked for it reads at that
// moment, a page at a time; but before the answer arrives other things may happen, and the answer may get lost.
type randomKingdee struct {
	kingdeev1.BillServiceClient
	rng    *rand.Rand
	habits ruletest.Habits
	now    func() time.Time
	bills  []*ruletest.Kingdee
	// touched is when a bill last changed.
	touched map[int64]time.Time
	// meanwhile is what happens while an answer is on its way.
	meanwhile func()
	// quiet: nothing gets lost any more.
	quiet bool
	tell  func(format string, args ...any)
}

var warehouses = []string{"CK001", "CK002", "CK003", "CK004"}

// goods puts them on one or two lines.
func (k *randomKingdee) goods(bill *ruletest.Kingdee) {
	first := k.rng.IntN(len(warehouses))
	lines := []rule.Line{{ID: 1, Material: "M", Unit: "Pcs", Quantity: "1", Warehouse: warehouses[first]}}
	if k.rng.IntN(3) == 0 {
		second := (first + 1 + k.rng.IntN(len(warehouses)-1)) % len(warehouses)
		lines = append(lines, rule.Line{
			ID: 2, Material: "N", Unit: "Pcs", Quantity: "2", Warehouse: warehouses[second],
		})
	}
	bill.Bill.Lines = map[string][]rule.Line{"products": lines}
}

func (k *randomKingdee) create(number string) *ruletest.Kingdee {
	id := int64(len(k.bills) + 1)
	bill := ruletest.NewKingdee(k.habits, id, cmp.Or(number, fmt.Sprintf("ZZ%02d", id)), k.now())
	k.goods(bill)
	k.bills, k.touched[id] = append(k.bills, bill), k.now()
	return bill
}

// live says whether another bill than this carries its number and is live.
func (k *randomKingdee) taken(bill *ruletest.Kingdee) bool {
	return slices.ContainsFunc(k.bills, func(b *ruletest.Kingdee) bool {
		return b != bill && b.Bill.Number == bill.Bill.Number && !b.Gone && b.Bill.State().Live()
	})
}

// happen lets somebody do something. Now and then what is done carries the stamp of when it was begun, and comes to
// light only now.
func (k *randomKingdee) happen() {
	if k.rng.IntN(12) == 0 && len(k.bills) < 20 {
		number := ""
		if old := k.bills[k.rng.IntN(len(k.bills))]; old.Bill.ID != control && (old.Gone || old.Bill.State().Voided()) {
			number = old.Bill.Number
		}
		bill := k.create(number)
		k.tell("%d: create %s %s", bill.Bill.ID, bill.Bill.Number, stores(bill))
		return
	}
	bill := k.bills[k.rng.IntN(len(k.bills))]
	if bill.Gone || bill.Bill.ID == control {
		return
	}
	late := time.Duration(0)
	switch k.rng.IntN(10) {
	case 0:
		late = time.Duration(k.rng.IntN(50)) * time.Minute
	case 1, 2:
		late = time.Duration(k.rng.IntN(60)) * time.Second
	}
	now := k.now()
	if slices.ContainsFunc(k.bills,
		func(b *ruletest.Kingdee) bool { return b != bill && b.Bill.Number == bill.Bill.Number }) {
		// Who has another's number is not hidden from runs for longer than they reach back.
		late = min(late, rule.Overlap/2)
	}
	late = max(0, min(late, now.Sub(k.touched[bill.Bill.ID])-time.Second)).Truncate(time.Second)
	bill.Now = now.Add(-late)
	what := k.act(bill)
	// The lives of a bill are those that can be seen.
	if n := len(bill.Lives); n > 0 {
		for _, moment := range []*time.Time{&bill.Lives[n-1].Begin, &bill.Lives[n-1].End} {
			if moment.Equal(bill.Now) {
				*moment = now
			}
		}
	}
	bill.Now, k.touched[bill.Bill.ID] = now, now
	k.tell("%d: %s %s, %s late", bill.Bill.ID, what, stores(bill), late)
}

func (k *randomKingdee) act(bill *ruletest.Kingdee) string {
	state, n := bill.Bill.State(), k.rng.IntN(20)
	switch {
	case state.Voided() && n < 2, !state.Voided() && !state.Live() && n < 1:
		bill.Gone = true
		return "delete"
	case state.Voided() && n < 12:
		return bill.Restore()
	case state.Voided():
		return "look"
	case state.Live() && n < 12:
		return bill.UnAudit()
	case state.Live():
		return bill.Void()
	case n < 4:
		k.goods(bill)
		bill.Bill.ModifyTime = bill.Now
		return "edit"
	case n < 6:
		bill.Bill.DocumentStatus, bill.Submitted, bill.Bill.ModifyTime = rule.InApproval, true, bill.Now
		return "submit"
	case n < 15 && !k.taken(bill):
		return bill.Audit()
	default:
		return bill.Void()
	}
}

func stores(bill *ruletest.Kingdee) (names []string) {
	for _, l := range bill.Bill.Lines["products"] {
		names = append(names, l.Warehouse)
	}
	return names
}

// Letters as the contract has them.
var (
	documentLetters = map[string]kingdeev1.DocumentStatus{
		rule.Draft:      kingdeev1.DocumentStatus_DOCUMENT_STATUS_DRAFT,
		rule.Created:    kingdeev1.DocumentStatus_DOCUMENT_STATUS_CREATED,
		rule.InApproval: kingdeev1.DocumentStatus_DOCUMENT_STATUS_IN_APPROVAL,
		rule.Audited:    kingdeev1.DocumentStatus_DOCUMENT_STATUS_AUDITED,
		rule.Reaudit:    kingdeev1.DocumentStatus_DOCUMENT_STATUS_REAUDIT,
	}
	cancelLetters = map[string]kingdeev1.CancelStatus{
		rule.NotVoided: kingdeev1.CancelStatus_CANCEL_STATUS_NOT_VOIDED,
		rule.Voided:    kingdeev1.CancelStatus_CANCEL_STATUS_VOIDED,
	}
)

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func lightOf(b rule.Bill) *kingdeev1.BillState {
	return &kingdeev1.BillState{
		Id: b.ID, Number: b.Number, OrgNumber: b.Org, DocumentStatus: documentLetters[b.DocumentStatus],
		CancelStatus: cancelLetters[b.CancelStatus],
		Kind:         form.Assembly, CreateTime: stamp(b.CreateTime), ModifyTime: stamp(b.ModifyTime),
		ApproveTime: stamp(b.ApproveTime), CancelTime: stamp(b.CancelTime), CancelTimeIsDate: b.CancelIsDate,
	}
}

func wholeOf(b rule.Bill) *kingdeev1.Bill {
	whole := &kingdeev1.Bill{
		Id: b.ID, Number: b.Number, Rows: int32(len(b.Lines["products"])), OrgNumber: b.Org,
		DocumentStatus: documentLetters[b.DocumentStatus], //nolint:gosec // two at most
		CancelStatus:   cancelLetters[b.CancelStatus], Kind: form.Assembly, CreateTime: stamp(b.CreateTime),
		ModifyTime: stamp(b.ModifyTime), ApproveTime: stamp(b.ApproveTime), CancelTime: stamp(b.CancelTime),
		CancelTimeIsDate: b.CancelIsDate,
	}
	products := &kingdeev1.EntityLines{Name: "FEntity"}
	for _, l := range b.Lines["products"] {
		products.Lines = append(products.Lines, &kingdeev1.Line{
			Id: b.ID*10 + l.ID, MaterialNumber: l.Material, Quantity: l.Quantity, WarehouseNumber: l.Warehouse,
		})
	}
	whole.Entities = []*kingdeev1.EntityLines{products}
	return whole
}

// pages is a stream whose frames are read one by one.
type pages[T any] struct {
	grpc.ClientStream
	kingdee *randomKingdee
	ctx     context.Context //nolint:containedctx // a stream's
	next    func() *T
	begun   bool
}

var errGone = status.Error(codes.Unavailable, "the adapter went away")

func (p *pages[T]) Recv() (*T, error) {
	frame := p.next()
	if frame == nil {
		return nil, io.EOF
	}
	header := !p.begun
	p.begun = true
	if !header && !p.kingdee.quiet {
		p.kingdee.meanwhile()
		if p.kingdee.rng.IntN(60) == 0 {
			p.kingdee.tell("  a read gets lost")
			return nil, errGone
		}
	}
	if p.ctx.Err() != nil {
		return nil, status.FromContextError(p.ctx.Err()).Err()
	}
	return frame, nil
}

func (k *randomKingdee) header() *kingdeev1.StreamHeader {
	return (&vendortest.Books{Clock: ptr(k.now())}).Header(vendortest.Center)
}

func ptr[T any](v T) *T { return &v }

func (k *randomKingdee) StreamBillStates(
	ctx context.Context, in *kingdeev1.StreamBillStatesRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillStatesResponse], error) {
	after, total, step := in.GetChangedSince().GetAfterId(), int64(0), 0
	wanted := func(b rule.Bill) bool {
		switch {
		case in.GetIds() != nil:
			return slices.Contains(in.GetIds().GetIds(), b.ID)
		case in.GetNumbers() != nil:
			return slices.Contains(in.GetNumbers().GetNumbers(), b.Number)
		}
		since := in.GetChangedSince().GetSince().AsTime()
		return slices.ContainsFunc([]time.Time{b.CreateTime, b.ModifyTime, b.ApproveTime, b.CancelTime},
			func(t time.Time) bool { return !t.Before(since) })
	}
	size := 1 + k.rng.IntN(6)
	next := func() *kingdeev1.StreamBillStatesResponse {
		step++
		if step == 1 {
			return &kingdeev1.StreamBillStatesResponse{
				Frame: &kingdeev1.StreamBillStatesResponse_Header{Header: k.header()},
			}
		}
		page := &kingdeev1.StatePage{QueryLeftTime: timestamppb.New(k.now())}
		for _, b := range k.bills {
			if !b.Gone && b.Bill.ID > after && len(page.GetStates()) < size && wanted(b.Bill) {
				page.States = append(page.States, lightOf(b.Bill))
			}
		}
		if len(page.GetStates()) > 0 {
			after = page.GetStates()[len(page.GetStates())-1].GetId()
			page.LastId, page.Rows = after, int64(len(page.GetStates()))
			total += page.GetRows()
			return &kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Page{Page: page}}
		}
		return &kingdeev1.StreamBillStatesResponse{Frame: &kingdeev1.StreamBillStatesResponse_Summary{
			Summary: &kingdeev1.StreamSummary{Rows: total, Bills: total},
		}}
	}
	return &pages[kingdeev1.StreamBillStatesResponse]{kingdee: k, ctx: ctx, next: next}, nil
}

func (k *randomKingdee) StreamBills(
	ctx context.Context, in *kingdeev1.StreamBillsRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[kingdeev1.StreamBillsResponse], error) {
	page, step := &kingdeev1.BillPage{}, 0
	return &pages[kingdeev1.StreamBillsResponse]{kingdee: k, ctx: ctx, next: func() *kingdeev1.StreamBillsResponse {
		switch step++; step {
		case 1:
			return &kingdeev1.StreamBillsResponse{Frame: &kingdeev1.StreamBillsResponse_Header{Header: k.header()}}
		case 2:
			page.QueryLeftTime = timestamppb.New(k.now())
			for _, b := range k.bills {
				if !b.Gone && slices.Contains(in.GetIds().GetIds(), b.Bill.ID) {
					page.Bills = append(page.Bills, wholeOf(b.Bill))
					page.Rows += int64(len(b.Bill.Lines["products"]))
				}
			}
			return &kingdeev1.StreamBillsResponse{Frame: &kingdeev1.StreamBillsResponse_Page{Page: page}}
		default:
			return &kingdeev1.StreamBillsResponse{Frame: &kingdeev1.StreamBillsResponse_Summary{
				Summary: &kingdeev1.StreamSummary{Rows: page.GetRows(), Bills: int64(len(page.GetBills()))},
			}}
		}
	}}, nil
}

func (k *randomKingdee) GetBill(
	_ context.Context, in *kingdeev1.GetBillRequest, _ ...grpc.CallOption,
) (*kingdeev1.GetBillResponse, error) {
	left := k.now()
	for _, b := range k.bills {
		if b.Bill.ID == in.GetId() && !b.Gone {
			return &kingdeev1.GetBillResponse{Bill: wholeOf(b.Bill), QueryLeftTime: timestamppb.New(left)}, nil
		}
	}
	if !k.quiet {
		k.meanwhile()
	}
	return nil, apierr.Error{
		Code: codes.NotFound, Domain: apierr.Kingdee,
		Reason: kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND, Message: "no such bill",
	}.Err()
}
