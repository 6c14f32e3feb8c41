package rpc

import (
	"context"
	"maps"
	"slices"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type billService struct {
	orchestratorv1.UnimplementedBillServiceServer
	schemes SchemeReader
	reader  BillReader
	kingdee KingdeeNow
	// asking has a place for each that may ask Kingdee at once.
	asking chan struct{}
}

func (s *billService) GetBill(
	ctx context.Context, req *orchestratorv1.GetBillRequest,
) (*orchestratorv1.GetBillResponse, error) {
	found, err := s.reader.BillViews(ctx, req.GetBillNo(), req.GetScheme())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if err := knownScheme(ctx, s.schemes, req.GetScheme()); err != nil {
			return nil, err
		}
		readings, err := s.reader.Readings(ctx, req.GetScheme())
		if err != nil {
			return nil, err
		}
		return nil, notSeen(req.GetBillNo(), readings)
	}
	return &orchestratorv1.GetBillResponse{Bills: each(found, billMessage)}, nil
}

// BatchGetBills answers each number once, where it was first asked for.
func (s *billService) BatchGetBills(
	ctx context.Context, req *orchestratorv1.BatchGetBillsRequest,
) (*orchestratorv1.BatchGetBillsResponse, error) {
	answers := make([]*orchestratorv1.BillAnswer, 0, len(req.GetBillNos()))
	byNo := make(map[string]*orchestratorv1.BillAnswer, len(req.GetBillNos()))
	for _, no := range req.GetBillNos() {
		if byNo[no] == nil {
			byNo[no] = &orchestratorv1.BillAnswer{BillNo: no}
			answers = append(answers, byNo[no])
		}
	}
	found, err := s.reader.BatchBillViews(ctx, slices.Collect(maps.Keys(byNo)), req.GetScheme())
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	for _, view := range found {
		bill := billMessage(view)
		for _, no := range view.Numbers {
			byNo[no].Bills = append(byNo[no].Bills, bill)
		}
	}
	readings, err := s.reader.Readings(ctx, req.GetScheme())
	if err != nil {
		return nil, err
	}
	for _, answer := range answers {
		if len(answer.GetBills()) == 0 {
			sayNotSeen(answer, readings)
		}
	}
	return &orchestratorv1.BatchGetBillsResponse{
		Answers: answers, Readings: each(readings, schemeReadingMessage),
	}, nil
}

// sayNotSeen says of a number that nobody has seen it: as a fact only where every scheme that was asked is being read.
func sayNotSeen(answer *orchestratorv1.BillAnswer, readings []ledger.ReadingView) {
	answer.Text, answer.TextEn = "未见此单", "no scheme has seen this bill"
	for _, r := range readings {
		if r.Unread() {
			answer.Unread = true
			answer.Text = r.Standing + "。尚未读到单据 " + answer.GetBillNo()
			answer.TextEn = r.StandingEN + ". Scheme " + r.Scheme + " has not read bill " + answer.GetBillNo() + " yet"
			return
		}
	}
}

// notSeen says that nobody has seen a bill: as a fact only where every scheme that was asked is being read.
func notSeen(billNo string, readings []ledger.ReadingView) error {
	for _, r := range readings {
		if r.Unread() {
			return &unreadBill{billNo: billNo, reading: r}
		}
	}
	return about(ledger.ErrNotFound, "bill_no", billNo)
}
