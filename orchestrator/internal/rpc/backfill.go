package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (s *runService) startBackfill(
	ctx context.Context, req *orchestratorv1.StartRunRequest,
) (*orchestratorv1.StartRunResponse, error) {
	switch {
	case req.GetBackfill() == nil:
		return nil, &serve.InvalidRequest{Field: "backfill", Text: "must say what to read again (请指定回补范围)"}
	case req.GetReason() == "":
		return nil, &serve.InvalidRequest{Field: "reason", Text: "is needed for a backfill (请填写原因)"}
	}
	order, err := orderOf(req.GetBackfill(), s.now())
	if err != nil {
		return nil, err
	}
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StartRunResponse, error) {
		id, err := s.operator.StartBackfill(ctx, tx, act, order)
		if err != nil {
			return nil, err
		}
		if err := s.starter.InsertBackfill(ctx, tx, id); err != nil {
			return nil, err
		}
		run, err := s.runIn(ctx, tx, id)
		return &orchestratorv1.StartRunResponse{RequestTime: run.GetStartTime(), Run: run}, err
	})
	return reply, s.stopped(ctx, err, req.GetScheme(), schemeFault(err, req))
}

func (s *runService) ApplyBackfill(
	ctx context.Context, req *orchestratorv1.ApplyBackfillRequest,
) (*orchestratorv1.ApplyBackfillResponse, error) {
	id := req.GetRunId()
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ApplyBackfillResponse, error) {
			if err := s.operator.ApplyBackfill(ctx, tx, act, id, req.GetMaxCount()); err != nil {
				return nil, err
			}
			if err := s.starter.InsertBackfill(ctx, tx, id); err != nil {
				return nil, err
			}
			run, err := s.runIn(ctx, tx, id)
			return &orchestratorv1.ApplyBackfillResponse{Run: run}, err
		})
	return reply, s.runFault(ctx, err, id)
}

func (s *runService) ListBackfillItems(
	ctx context.Context, req *orchestratorv1.ListBackfillItemsRequest,
) (*orchestratorv1.ListBackfillItemsResponse, error) {
	after, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	states := each(req.GetStates(),
		func(s orchestratorv1.BackfillItemState) string { return wordOf(s, "BACKFILL_ITEM_STATE_") })
	found, err := s.reader.ItemViews(ctx, req.GetRunId(), states, after, size+1)
	if err != nil {
		return nil, about(err, "run_id", strconv.FormatInt(req.GetRunId(), 10))
	}
	found, next := cut(req, found, size, func(v ledger.ItemView) string { return strconv.FormatInt(v.Item, 10) })
	return &orchestratorv1.ListBackfillItemsResponse{Items: each(found, itemMessage), NextPageToken: next}, nil
}

// orderOf is what a person asks to be read again. A list names each number once, without blanks around it.
func orderOf(req *orchestratorv1.BackfillSelection, now time.Time) (ledger.BackfillOrder, error) {
	order := ledger.BackfillOrder{PlanOnly: req.GetPlanOnly(), BeforeCutover: req.GetBeforeCutover()}
	if span := req.GetRange(); span != nil {
		order.From, order.To = timeOf(span.GetFromTime()).Truncate(time.Second), timeOf(span.GetToTime())
		switch {
		case span.GetFromTime().CheckValid() != nil || span.GetToTime() != nil && span.GetToTime().CheckValid() != nil:
			return order, &serve.InvalidRequest{
				Field: "backfill.range", Text: "is no time between the years 1 and 9999",
			}
		case order.From.After(now):
			return order, &serve.InvalidRequest{Field: "backfill.range.from_time", Text: "lies in the future (起始时间在未来)"}
		case !order.To.IsZero() && !order.From.Before(order.To):
			return order, &serve.InvalidRequest{
				Field: "backfill.range.to_time", Text: "must lie behind from_time (结束时间须晚于起始时间)",
			}
		}
		return order, nil
	}
	seen := map[string]bool{}
	for _, number := range req.GetNumbers().GetNumbers() {
		number = strings.TrimSpace(number)
		if number == "" || strings.ContainsRune(number, 0) {
			return order, &serve.InvalidRequest{
				Field: "backfill.numbers.numbers", Text: "an empty number, or one with NUL (单据编号为空)",
			}
		}
		if !seen[number] {
			seen[number] = true
			order.Numbers = append(order.Numbers, number)
		}
	}
	return order, nil
}

func backfillMessage(d ledger.BackfillDetail) *orchestratorv1.Backfill {
	selection := &orchestratorv1.BackfillSelection{PlanOnly: d.PlanOnly, BeforeCutover: d.BeforeCutover}
	if len(d.Numbers) > 0 {
		selection.Bills = &orchestratorv1.BackfillSelection_Numbers{
			Numbers: &orchestratorv1.NumberList{Numbers: d.Numbers},
		}
	} else {
		selection.Bills = &orchestratorv1.BackfillSelection_Range{
			Range: &orchestratorv1.TimeRange{FromTime: timestamppb.New(d.From), ToTime: stamp(d.To)},
		}
	}
	return &orchestratorv1.Backfill{
		Selection: selection, Reason: d.Reason, Actor: d.Actor, RowsOutside: d.RowsOutside, NumbersNotFound: d.NotFound,
		ItemsNew: d.Counts[ledger.ItemNew], ItemsAlreadyOwed: d.Counts[ledger.ItemAlreadyOwed],
		ItemsSettled: d.Counts[ledger.ItemSettled], ItemsHeld: d.Counts[ledger.ItemHeld],
		ItemsRefused: d.Counts[ledger.ItemRefused], ItemsUndecodable: d.Counts[ledger.ItemUndecodable],
	}
}

func itemMessage(v ledger.ItemView) *orchestratorv1.BackfillItem {
	m := &orchestratorv1.BackfillItem{
		Item: v.Item, BillId: v.BillID, BillNo: v.BillNo, Class: v.Class,
		State: enum[orchestratorv1.BackfillItemState](orchestratorv1.BackfillItemState_value,
			"BACKFILL_ITEM_STATE_", v.State),
		OrderKind: v.OrderKind, WarehouseNumber: v.WarehouseNumber, Account: v.Account, WarehouseCode: v.WarehouseCode,
		OrderCode: v.OrderCode, OrderType: v.OrderType, CancelReason: v.CancelReason, ExtendProps: v.ExtendProps,
		OwnerCode: v.OwnerCode, Triggers: v.Triggers, Evidence: v.Evidence, Generation: v.Generation,
		CancellationId: v.CancellationID, Detail: v.Detail,
	}
	if v.CancellationState != "" {
		m.Outcome = &orchestratorv1.CancellationOutcome{
			State: v.CancellationState, Disposition: v.Disposition, OutcomeTime: stamp(v.OutcomeTime),
		}
	}
	return m
}
