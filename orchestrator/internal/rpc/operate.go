package rpc

import (
	"context"
	"errors"
	"strings"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// CancellationOperator performs and records what a person does about single cancellations and work items.
type CancellationOperator interface {
	Operate(ctx context.Context, verb ledger.Verb, act ledger.Act, sel ledger.Selection, b ledger.Bounds) (ledger.Effect, error)
	Reclassify(ctx context.Context, act ledger.Act, named ledger.Named, b ledger.Bounds, timing func(scheme string) rule.Timing) (ledger.Effect, error)
	CloseWorkItems(ctx context.Context, act ledger.Act, ids []int64, dryRun bool) (ledger.Effect, error)
}

// defaultMax is how many cancellations an act may touch when its caller does not say.
const defaultMax = 100

// selective is a request to do something to selected cancellations.
type selective interface {
	GetSelection() *orchestratorv1.CancellationSelection
	GetReason() string
	GetRequestId() string
	GetDryRun() bool
	GetMaxCount() int32
}

func (s *cancellationService) RetryCancellations(ctx context.Context, req *orchestratorv1.RetryCancellationsRequest) (*orchestratorv1.RetryCancellationsResponse, error) {
	result, err := s.operate(ctx, ledger.Retry, req)
	return &orchestratorv1.RetryCancellationsResponse{Result: result}, err
}

func (s *cancellationService) IgnoreCancellations(ctx context.Context, req *orchestratorv1.IgnoreCancellationsRequest) (*orchestratorv1.IgnoreCancellationsResponse, error) {
	result, err := s.operate(ctx, ledger.Ignore, req)
	return &orchestratorv1.IgnoreCancellationsResponse{Result: result}, err
}

func (s *cancellationService) MarkCancellationsDone(ctx context.Context, req *orchestratorv1.MarkCancellationsDoneRequest) (*orchestratorv1.MarkCancellationsDoneResponse, error) {
	result, err := s.operate(ctx, ledger.MarkDone, req)
	return &orchestratorv1.MarkCancellationsDoneResponse{Result: result}, err
}

func (s *cancellationService) ReleaseCancellations(ctx context.Context, req *orchestratorv1.ReleaseCancellationsRequest) (*orchestratorv1.ReleaseCancellationsResponse, error) {
	result, err := s.operate(ctx, ledger.ReleaseHeld, req)
	return &orchestratorv1.ReleaseCancellationsResponse{Result: result}, err
}

func (s *cancellationService) operate(ctx context.Context, verb ledger.Verb, req selective) (*orchestratorv1.ActionResult, error) {
	selection, err := selectionOf(req.GetSelection())
	if err != nil {
		return nil, err
	}
	act := ledger.Act{Scheme: selection.Scheme, Actor: access.Caller(ctx), Reason: req.GetReason(), RequestID: req.GetRequestId()}
	effect, err := s.operator.Operate(ctx, verb, act, selection, boundsOf(req.GetDryRun(), req.GetMaxCount()))
	if err != nil {
		return nil, effectFault(err, act)
	}
	return effectMessage(effect), nil
}

// ReclassifyAnswers answers with the effect the entry that teaches wmssvc the same.
func (s *cancellationService) ReclassifyAnswers(ctx context.Context, req *orchestratorv1.ReclassifyAnswersRequest) (*orchestratorv1.ReclassifyAnswersResponse, error) {
	named := ledger.Named{
		Message: strings.TrimSpace(req.GetVendorMessage()), Code: req.GetVendorCode(), Account: req.GetAccount(), Disposition: req.GetDisposition(),
	}
	if named.Message == "" {
		return nil, &serve.InvalidRequest{Field: "vendor_message", Text: "must not be blank"}
	}
	act := ledger.Act{Actor: access.Caller(ctx), Reason: req.GetReason(), RequestID: req.GetRequestId()}
	effect, err := s.operator.Reclassify(ctx, act, named, boundsOf(req.GetDryRun(), req.GetMaxCount()), s.timing)
	if err != nil {
		return nil, effectFault(err, act)
	}
	entry, err := dictionaryEntry(named, effect.Flags)
	return &orchestratorv1.ReclassifyAnswersResponse{Result: effectMessage(effect), Outcomes: effect.Outcomes, DictionaryEntry: entry}, err
}

func (s *cancellationService) CloseWorkItems(ctx context.Context, req *orchestratorv1.CloseWorkItemsRequest) (*orchestratorv1.CloseWorkItemsResponse, error) {
	act := ledger.Act{Actor: access.Caller(ctx), Reason: req.GetReason(), RequestID: req.GetRequestId()}
	effect, err := s.operator.CloseWorkItems(ctx, act, req.GetWorkItemIds(), req.GetDryRun())
	if err != nil {
		return nil, effectFault(err, act)
	}
	return &orchestratorv1.CloseWorkItemsResponse{Result: effectMessage(effect)}, nil
}

func boundsOf(dryRun bool, most int32) ledger.Bounds {
	if most == 0 {
		most = defaultMax
	}
	return ledger.Bounds{DryRun: dryRun, Max: int64(most)}
}

// selectionOf wants ids or parts, not both: a part that is not looked at would mislead.
func selectionOf(sel *orchestratorv1.CancellationSelection) (ledger.Selection, error) {
	out := ledger.Selection{
		Scheme: sel.GetScheme(), IDs: sel.GetCancellationIds(), States: each(sel.GetStates(), stateWord), BillNo: sel.GetBillNo(),
		WarehouseCode: sel.GetWarehouseCode(), Account: sel.GetAccount(), Disposition: sel.GetDisposition(), VendorMessage: sel.GetVendorMessage(),
		WorkKind: sel.GetWorkKind(), HoldReason: sel.GetHoldReason(), CreatedFrom: timeOf(sel.GetCreateTimeFrom()), CreatedTo: timeOf(sel.GetCreateTimeTo()),
	}
	parts := len(out.States) > 0 || out.BillNo+out.WarehouseCode+out.Account+out.Disposition+out.VendorMessage+out.WorkKind+out.HoldReason != "" ||
		!out.CreatedFrom.IsZero() || !out.CreatedTo.IsZero()
	switch {
	case len(out.IDs) > 0 && parts:
		return out, &serve.InvalidRequest{Field: "selection.cancellation_ids", Text: "stands alone: give ids, or what the cancellations have in common"}
	case !out.CreatedTo.IsZero() && !out.CreatedFrom.Before(out.CreatedTo):
		return out, &serve.InvalidRequest{Field: "selection.create_time_to", Text: "must be after create_time_from"}
	}
	return out, nil
}

func effectMessage(e ledger.Effect) *orchestratorv1.ActionResult {
	return &orchestratorv1.ActionResult{
		Count: e.Count, CancellationIds: e.IDs, Refused: each(e.Refused, refusalMessage), RefusedCount: e.RefusedCount, DryRun: e.DryRun,
	}
}

func refusalMessage(r ledger.Refusal) *orchestratorv1.ActionRefusal {
	return &orchestratorv1.ActionRefusal{CancellationId: r.CancellationID, WorkItemId: r.WorkItemID, BillNo: r.BillNo, Message: r.Message}
}

// effectFault says what an act's error is about.
func effectFault(err error, act ledger.Act) error {
	switch {
	case errors.Is(err, ledger.ErrRequestIDReused):
		return about(err, "request_id", act.RequestID)
	case errors.Is(err, ledger.ErrNotFound):
		return about(err, "scheme", act.Scheme)
	}
	return err
}
