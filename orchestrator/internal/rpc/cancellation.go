package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type cancellationService struct {
	orchestratorv1.UnimplementedCancellationServiceServer
	schemes  SchemeReader
	reader   CancellationReader
	operator Operator
	recorder Recorder
	// timing is how long a scheme waits for what.
	timing func(scheme string) rule.Timing
}

// mostCounted bounds the total of a list.
const mostCounted = 10_000

func (s *cancellationService) ListCancellations(
	ctx context.Context, req *orchestratorv1.ListCancellationsRequest,
) (*orchestratorv1.ListCancellationsResponse, error) {
	page, err := cancellationPage(req)
	if err != nil {
		return nil, err
	}
	filter, err := filterOf(req.GetFilter())
	if err != nil {
		return nil, err
	}
	// Before the page is read: what commits between the two is in the page.
	if page.Order == ledger.UpdateTime {
		if page.Through, err = s.reader.CommittedBefore(ctx); err != nil {
			return nil, err
		}
	}
	size := page.Limit
	page.Limit++
	found, err := s.reader.CancellationViews(ctx, filter, page)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, filter.Scheme)
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size,
		func(v ledger.CancellationView) string { return cancellationKey(page.Order, v) })
	reply := &orchestratorv1.ListCancellationsResponse{
		Cancellations: each(found, cancellationMessage), NextPageToken: next,
	}
	if page.Order == ledger.UpdateTime {
		if next != "" {
			page.Through = found[size-1].UpdateTime
		}
		reply.ThroughTime = stamp(page.Through)
	}
	if req.GetIncludeTotal() {
		total, err := s.reader.CountCancellations(ctx, filter, mostCounted+1)
		if err != nil {
			return nil, err
		}
		reply.Total, reply.TotalIsLeast = min(total, mostCounted), total > mostCounted
	}
	readings, err := s.reader.Readings(ctx, filter.Scheme)
	reply.Readings = each(readings, schemeReadingMessage)
	return reply, err
}

// cancellationOrders are the orders of a list, by their names in the contract.
var cancellationOrders = map[orchestratorv1.CancellationOrder]ledger.CancellationOrder{
	orchestratorv1.CancellationOrder_CANCELLATION_ORDER_OLDEST:      ledger.Oldest,
	orchestratorv1.CancellationOrder_CANCELLATION_ORDER_UPDATE_TIME: ledger.UpdateTime,
}

// cancellationPage is the page that a request asks for. The key of its token is the id of the last one shown, behind
// its update time in microseconds where that is the order.
func cancellationPage(req *orchestratorv1.ListCancellationsRequest) (ledger.CancellationPage, error) {
	page := ledger.CancellationPage{Order: cancellationOrders[req.GetOrderBy()], Limit: pageSize(req)}
	key, err := pageKey(req)
	if err != nil || key == "" {
		return page, err
	}
	if page.Order == ledger.UpdateTime {
		at, id, _ := strings.Cut(key, " ")
		micros, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return page, errPageToken
		}
		page.AfterTime, key = time.UnixMicro(micros).UTC(), id
	}
	if page.After, err = strconv.ParseInt(key, 10, 64); err != nil {
		return page, errPageToken
	}
	return page, nil
}

func cancellationKey(order ledger.CancellationOrder, v ledger.CancellationView) string {
	key := strconv.FormatInt(v.CancellationID, 10)
	if order == ledger.UpdateTime {
		return strconv.FormatInt(v.UpdateTime.UnixMicro(), 10) + " " + key
	}
	return key
}

func (s *cancellationService) GetCancellation(
	ctx context.Context, req *orchestratorv1.GetCancellationRequest,
) (*orchestratorv1.GetCancellationResponse, error) {
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
	acts, err := s.reader.ActionViews(ctx, ledger.ActionFilter{CancellationID: id}, 0, shownActions)
	if err != nil {
		return nil, err
	}
	readings, err := s.reader.Readings(ctx, found.Scheme)
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.GetCancellationResponse{
		Cancellation: cancellationMessage(found), Reading: schemeReadingMessage(readings[0]),
		Attempts:  each(attempts, attemptMessage),
		WorkItems: each(work, workMessage),
		Actions:   each(acts, actionMessage),
	}, nil
}

// shownActions is how many acts are shown with a cancellation.
const shownActions = 100

// knownScheme tells a list that is empty from a scheme that does not exist; an empty name is no filter.
func knownScheme(ctx context.Context, schemes SchemeReader, scheme string) error {
	if scheme == "" {
		return nil
	}
	if _, err := schemes.StopReason(ctx, scheme); err != nil {
		return about(err, "scheme", scheme)
	}
	return nil
}

func (s *cancellationService) ListWorkItems(
	ctx context.Context, req *orchestratorv1.ListWorkItemsRequest,
) (*orchestratorv1.ListWorkItemsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	filter := ledger.WorkFilter{Scheme: req.GetScheme(), IncludeClosed: req.GetIncludeClosed()}
	found, err := s.reader.WorkViews(ctx, filter, before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.WorkView) string { return strconv.FormatInt(v.WorkItemID, 10) })
	readings, err := s.reader.Readings(ctx, filter.Scheme)
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.ListWorkItemsResponse{
		WorkItems: each(found, workMessage), NextPageToken: next, Readings: each(readings, schemeReadingMessage),
	}, nil
}
