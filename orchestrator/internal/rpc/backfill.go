package rpc

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// BackfillReader reads backfills and what they came to.
type BackfillReader interface {
	BackfillViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.BackfillView, error)
	BackfillView(ctx context.Context, id int64) (ledger.BackfillView, error)
	ItemViews(ctx context.Context, backfill int64, states []string, after int64, limit int) ([]ledger.ItemView, error)
}

func (s *runService) StartBackfill(
	ctx context.Context, req *orchestratorv1.StartBackfillRequest,
) (*orchestratorv1.StartBackfillResponse, error) {
	order, err := orderOf(req, s.now())
	if err != nil {
		return nil, err
	}
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StartBackfillResponse, error) {
		id, err := s.operator.StartBackfill(ctx, tx, act, order)
		if err != nil {
			return nil, err
		}
		if err := s.starter.InsertBackfill(ctx, tx, id); err != nil {
			return nil, err
		}
		backfill, err := s.backfillIn(ctx, tx, id)
		return &orchestratorv1.StartBackfillResponse{Backfill: backfill}, err
	})
	return reply, s.stopped(ctx, err, req.GetScheme(), schemeFault(err, req))
}

func (s *runService) ApplyBackfill(
	ctx context.Context, req *orchestratorv1.ApplyBackfillRequest,
) (*orchestratorv1.ApplyBackfillResponse, error) {
	id := req.GetBackfillId()
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ApplyBackfillResponse, error) {
		if err := s.operator.ApplyBackfill(ctx, tx, act, id, req.GetMaxCount()); err != nil {
			return nil, err
		}
		if err := s.starter.InsertBackfill(ctx, tx, id); err != nil {
			return nil, err
		}
		backfill, err := s.backfillIn(ctx, tx, id)
		return &orchestratorv1.ApplyBackfillResponse{Backfill: backfill}, err
	})
	return reply, s.backfillFault(ctx, err, id)
}

func (s *runService) CancelBackfill(
	ctx context.Context, req *orchestratorv1.CancelBackfillRequest,
) (*orchestratorv1.CancelBackfillResponse, error) {
	id := req.GetBackfillId()
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.CancelBackfillResponse, error) {
		if err := s.operator.CancelBackfill(ctx, tx, act, id); err != nil {
			return nil, err
		}
		backfill, err := s.backfillIn(ctx, tx, id)
		return &orchestratorv1.CancelBackfillResponse{Backfill: backfill}, err
	})
	return reply, s.backfillFault(ctx, err, id)
}

// backfillIn is a backfill after an act, as its transaction sees it.
func (s *runService) backfillIn(ctx context.Context, tx pgx.Tx, id int64) (*orchestratorv1.Backfill, error) {
	found, err := s.operator.BackfillIn(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return backfillMessage(found), nil
}

func (s *runService) GetBackfill(ctx context.Context, req *orchestratorv1.GetBackfillRequest) (*orchestratorv1.GetBackfillResponse, error) {
	backfill, err := s.backfill(ctx, req.GetBackfillId())
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.GetBackfillResponse{Backfill: backfill}, nil
}

func (s *runService) ListBackfills(ctx context.Context, req *orchestratorv1.ListBackfillsRequest) (*orchestratorv1.ListBackfillsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.filled.BackfillViews(ctx, req.GetScheme(), before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.BackfillView) string { return strconv.FormatInt(v.BackfillID, 10) })
	return &orchestratorv1.ListBackfillsResponse{Backfills: each(found, backfillMessage), NextPageToken: next}, nil
}

func (s *runService) ListBackfillItems(ctx context.Context, req *orchestratorv1.ListBackfillItemsRequest) (*orchestratorv1.ListBackfillItemsResponse, error) {
	after, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.filled.ItemViews(ctx, req.GetBackfillId(), each(req.GetStates(), itemWord), after, size+1)
	if err != nil {
		return nil, about(err, "backfill_id", strconv.FormatInt(req.GetBackfillId(), 10))
	}
	found, next := cut(req, found, size, func(v ledger.ItemView) string { return strconv.FormatInt(v.Item, 10) })
	return &orchestratorv1.ListBackfillItemsResponse{Items: each(found, itemMessage), NextPageToken: next}, nil
}

func (s *runService) backfill(ctx context.Context, id int64) (*orchestratorv1.Backfill, error) {
	found, err := s.filled.BackfillView(ctx, id)
	if err != nil {
		return nil, about(err, "backfill_id", strconv.FormatInt(id, 10))
	}
	return backfillMessage(found), nil
}

// orderOf is what a person asks to be read again. A list names each number once, without blanks around it.
func orderOf(req *orchestratorv1.StartBackfillRequest, now time.Time) (ledger.BackfillOrder, error) {
	order := ledger.BackfillOrder{PlanOnly: req.GetPlanOnly(), BeforeCutover: req.GetBeforeCutover()}
	if span := req.GetRange(); span != nil {
		order.From, order.To = timeOf(span.GetFromTime()).Truncate(time.Second), timeOf(span.GetToTime())
		switch {
		case span.GetFromTime().CheckValid() != nil || span.GetToTime() != nil && span.GetToTime().CheckValid() != nil:
			return order, &serve.InvalidRequest{Field: "range", Text: "is no time between the years 1 and 9999"}
		case order.From.After(now):
			return order, &serve.InvalidRequest{Field: "range.from_time", Text: "lies in the future (起始时间在未来)"}
		case !order.To.IsZero() && !order.From.Before(order.To):
			return order, &serve.InvalidRequest{Field: "range.to_time", Text: "must lie behind from_time (结束时间须晚于起始时间)"}
		}
		return order, nil
	}
	seen := map[string]bool{}
	for _, number := range req.GetNumbers().GetNumbers() {
		number = strings.TrimSpace(number)
		if number == "" || strings.ContainsRune(number, 0) {
			return order, &serve.InvalidRequest{Field: "numbers.numbers", Text: "an empty number, or one with NUL (单据编号为空)"}
		}
		if !seen[number] {
			seen[number] = true
			order.Numbers = append(order.Numbers, number)
		}
	}
	return order, nil
}

// backfillFault says what the error of an act on a backfill is about.
func (s *runService) backfillFault(ctx context.Context, err error, id int64) error {
	var subject *located
	if err == nil || errors.As(err, &subject) {
		return err
	}
	if errors.Is(err, ledger.ErrStopped) {
		if found, failed := s.filled.BackfillView(ctx, id); failed == nil {
			return s.stopped(ctx, err, found.Scheme, err)
		}
	}
	return about(err, "backfill_id", strconv.FormatInt(id, 10))
}

// stopped answers an error that tells why the scheme is stopped, where err is that it is, and otherwise the given one.
func (s *runService) stopped(ctx context.Context, err error, scheme string, otherwise error) error {
	if !errors.Is(err, ledger.ErrStopped) {
		return otherwise
	}
	reason, failed := s.schemes.StopReason(ctx, scheme)
	if failed != nil || reason == "" {
		return otherwise
	}
	return &schemeStopped{scheme: scheme, reason: reason}
}

func itemWord(state orchestratorv1.BackfillItemState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "BACKFILL_ITEM_STATE_"))
}

func backfillMessage(v ledger.BackfillView) *orchestratorv1.Backfill {
	m := &orchestratorv1.Backfill{
		BackfillId: v.BackfillID, Scheme: v.Scheme,
		State:    enum[orchestratorv1.BackfillState](orchestratorv1.BackfillState_value, "BACKFILL_STATE_", v.State),
		PlanOnly: v.PlanOnly, BeforeCutover: v.BeforeCutover, Revision: v.Revision, Reason: v.Reason, Actor: v.Actor,
		CreateTime: stamp(v.CreateTime), EndTime: stamp(v.EndTime), Cursor: v.Cursor, RunCounts: runCountsMessage(v.RunCounts), RowsOutside: v.RowsOutside,
		ItemsNew: v.Counts[ledger.ItemNew], ItemsAlreadyOwed: v.Counts[ledger.ItemAlreadyOwed], ItemsSettled: v.Counts[ledger.ItemSettled],
		ItemsHeld: v.Counts[ledger.ItemHeld], ItemsRefused: v.Counts[ledger.ItemRefused], ItemsUndecodable: v.Counts[ledger.ItemUndecodable],
		NumbersNotFound: v.NotFound, Error: v.Error,
	}
	if len(v.Numbers) > 0 {
		m.Selection = &orchestratorv1.Backfill_Numbers{Numbers: &orchestratorv1.NumberList{Numbers: v.Numbers}}
	} else {
		m.Selection = &orchestratorv1.Backfill_Range{Range: &orchestratorv1.TimeRange{FromTime: timestamppb.New(v.From), ToTime: stamp(v.To)}}
	}
	return m
}

func itemMessage(v ledger.ItemView) *orchestratorv1.BackfillItem {
	m := &orchestratorv1.BackfillItem{
		Item: v.Item, BillId: v.BillID, BillNo: v.BillNo, Class: v.Class,
		State:     enum[orchestratorv1.BackfillItemState](orchestratorv1.BackfillItemState_value, "BACKFILL_ITEM_STATE_", v.State),
		OrderKind: v.OrderKind, WarehouseNumber: v.WarehouseNumber, Account: v.Account, WarehouseCode: v.WarehouseCode, OrderCode: v.OrderCode,
		OrderType: v.OrderType, CancelReason: v.CancelReason, ExtendProps: v.ExtendProps, OwnerCode: v.OwnerCode, Triggers: v.Triggers,
		Evidence: v.Evidence, Generation: v.Generation, CancellationId: v.CancellationID, Detail: v.Detail,
	}
	if v.CancellationState != "" {
		m.Outcome = &orchestratorv1.CancellationOutcome{State: v.CancellationState, Disposition: v.Disposition, OutcomeTime: stamp(v.OutcomeTime)}
	}
	return m
}
