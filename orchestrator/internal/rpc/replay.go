package rpc

import (
	"context"
	"errors"
	"strconv"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// Replayer decides stored bills through another mapping, and sends nothing. fault is what is wrong with the document.
type Replayer interface {
	Replay(
		ctx context.Context, order ledger.ReplayOrder, after int64, limit int,
	) (replay ledger.Replay, fault, err error)
}

// defaultReplay is how many bills one page decides.
const defaultReplay = 500

func (s *schemeService) ReplayMapping(
	ctx context.Context, req *orchestratorv1.ReplayMappingRequest,
) (*orchestratorv1.ReplayMappingResponse, error) {
	after, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultReplay
	}
	order := ledger.ReplayOrder{
		Scheme: req.GetScheme(), Revision: int(req.GetRevision()), Document: req.GetDocument(),
		From: timeOf(req.GetReadTimeFrom()), To: timeOf(req.GetReadTimeTo()),
	}
	replay, fault, err := s.replayer.Replay(ctx, order, after, size)
	switch {
	case fault != nil:
		return nil, &schemeInvalid{fault}
	case errors.Is(err, ledger.ErrNoRevision):
		return nil, about(ledger.ErrNotFound, "revision", strconv.Itoa(order.Revision))
	case err != nil:
		return nil, about(err, "scheme", order.Scheme)
	}
	next := ""
	if replay.Last > 0 {
		next = pageToken(req, strconv.FormatInt(replay.Last, 10))
	}
	return &orchestratorv1.ReplayMappingResponse{
		Differences: each(replay.Differences, differenceMessage), Bills: replay.Bills,
		OrdersSame: replay.Same, NextPageToken: next,
	}, nil
}

func differenceMessage(d ledger.MappingDifference) *orchestratorv1.MappingDifference {
	return &orchestratorv1.MappingDifference{
		BillId: d.BillID, BillNo: d.BillNo,
		Generation: int32(d.Generation), //nolint:gosec // counts lives of a bill
		OrderKind:  d.OrderKind, WarehouseNumber: d.Warehouse,
		Before: mappedMessage(d.Before), After: mappedMessage(d.After), Fault: d.Fault,
	}
}

func mappedMessage(r *rule.Request) *orchestratorv1.MappedRequest {
	if r == nil {
		return nil
	}
	return &orchestratorv1.MappedRequest{
		Account: r.Account, WarehouseCode: r.WarehouseCode, OrderCode: r.OrderCode,
		OrderType: r.OrderType, CancelReason: r.CancelReason,
		ExtendProps: r.ExtendProps, OwnerCode: r.OwnerCode,
	}
}
