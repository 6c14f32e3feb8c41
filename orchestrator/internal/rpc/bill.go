package rpc

import (
	"context"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type billService struct {
	orchestratorv1.UnimplementedBillServiceServer
	schemes SchemeReader
	reader  BillReader
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

// notSeen says that nobody has seen a bill: as a fact only where every scheme that was asked is being read.
func notSeen(billNo string, readings []ledger.ReadingView) error {
	for _, r := range readings {
		if r.Unread() {
			return &unreadBill{billNo: billNo, reading: r}
		}
	}
	return about(ledger.ErrNotFound, "bill_no", billNo)
}
