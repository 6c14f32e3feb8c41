package rpc

import (
	"context"
	"strconv"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type cancellationService struct {
	orchestratorv1.UnimplementedCancellationServiceServer
	reader CancellationReader
}

func (s *cancellationService) ListCancellations(ctx context.Context, req *orchestratorv1.ListCancellationsRequest) (*orchestratorv1.ListCancellationsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	filter, err := filterOf(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.reader.CancellationViews(ctx, filter, before, size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.CancellationView) string { return strconv.FormatInt(v.CancellationID, 10) })
	return &orchestratorv1.ListCancellationsResponse{Cancellations: each(found, cancellationMessage), NextPageToken: next}, nil
}

func (s *cancellationService) GetCancellation(ctx context.Context, req *orchestratorv1.GetCancellationRequest) (*orchestratorv1.GetCancellationResponse, error) {
	id := req.GetCancellationId()
	found, err := s.reader.CancellationView(ctx, id)
	if err != nil {
		return nil, about(err, "cancellation_id", strconv.FormatInt(id, 10))
	}
	attempts, err := s.reader.AttemptViews(ctx, id)
	if err != nil {
		return nil, err
	}
	work, err := s.reader.CancellationWork(ctx, id)
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.GetCancellationResponse{
		Cancellation: cancellationMessage(found), Attempts: each(attempts, attemptMessage), WorkItems: each(work, workMessage),
	}, nil
}

func (s *cancellationService) ListWorkItems(ctx context.Context, req *orchestratorv1.ListWorkItemsRequest) (*orchestratorv1.ListWorkItemsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	filter := ledger.WorkFilter{Scheme: req.GetScheme(), IncludeClosed: req.GetIncludeClosed()}
	found, err := s.reader.WorkViews(ctx, filter, before, size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.WorkView) string { return strconv.FormatInt(v.WorkItemID, 10) })
	return &orchestratorv1.ListWorkItemsResponse{WorkItems: each(found, workMessage), NextPageToken: next}, nil
}

func filterOf(req *orchestratorv1.ListCancellationsRequest) (ledger.CancellationFilter, error) {
	filter := ledger.CancellationFilter{
		Scheme: req.GetScheme(), States: each(req.GetStates(), stateWord), BillNo: req.GetBillNo(), WarehouseCode: req.GetWarehouseCode(),
		CreatedFrom: timeOf(req.GetCreateTimeFrom()), CreatedTo: timeOf(req.GetCreateTimeTo()),
	}
	if !filter.CreatedTo.IsZero() && !filter.CreatedFrom.Before(filter.CreatedTo) {
		return filter, &badRequest{field: "create_time_to", text: "must be after create_time_from"}
	}
	return filter, nil
}
