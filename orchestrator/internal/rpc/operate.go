package rpc

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// defaultMax is how many cancellations an act may touch when its caller does not say.
const defaultMax = 100

// selective is a request to do something to selected cancellations.
type selective interface {
	writing
	GetSelection() *orchestratorv1.CancellationSelection
	GetDryRun() bool
	GetMaxCount() int32
}

func (s *cancellationService) RetryCancellations(
	ctx context.Context, req *orchestratorv1.RetryCancellationsRequest,
) (*orchestratorv1.RetryCancellationsResponse, error) {
	return operate(ctx, s, ledger.Retry, req, func(r *orchestratorv1.ActionResult) *orchestratorv1.RetryCancellationsResponse {
		return &orchestratorv1.RetryCancellationsResponse{Result: r}
	})
}

func (s *cancellationService) IgnoreCancellations(
	ctx context.Context, req *orchestratorv1.IgnoreCancellationsRequest,
) (*orchestratorv1.IgnoreCancellationsResponse, error) {
	return operate(ctx, s, ledger.Ignore, req, func(r *orchestratorv1.ActionResult) *orchestratorv1.IgnoreCancellationsResponse {
		return &orchestratorv1.IgnoreCancellationsResponse{Result: r}
	})
}

func (s *cancellationService) MarkCancellationsDone(
	ctx context.Context, req *orchestratorv1.MarkCancellationsDoneRequest,
) (*orchestratorv1.MarkCancellationsDoneResponse, error) {
	return operate(ctx, s, ledger.MarkDone, req, func(r *orchestratorv1.ActionResult) *orchestratorv1.MarkCancellationsDoneResponse {
		return &orchestratorv1.MarkCancellationsDoneResponse{Result: r}
	})
}

func (s *cancellationService) ReleaseCancellations(
	ctx context.Context, req *orchestratorv1.ReleaseCancellationsRequest,
) (*orchestratorv1.ReleaseCancellationsResponse, error) {
	return operate(ctx, s, ledger.ReleaseHeld, req, func(r *orchestratorv1.ActionResult) *orchestratorv1.ReleaseCancellationsResponse {
		return &orchestratorv1.ReleaseCancellationsResponse{Result: r}
	})
}

// operate does a verb to the cancellations that a request selects.
func operate[Reply proto.Message](
	ctx context.Context, s *cancellationService, verb ledger.Verb, req selective, wrap func(*orchestratorv1.ActionResult) Reply,
) (none Reply, _ error) {
	selection, err := selectionOf(req.GetSelection())
	if err != nil {
		return none, err
	}
	bounds := boundsOf(req.GetDryRun(), req.GetMaxCount())
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (Reply, error) {
		effect, err := s.operator.Operate(ctx, tx, verb, act, selection, bounds)
		return wrap(effectMessage(effect)), err
	})
	return reply, schemeFault(err, req.GetSelection())
}

// ReclassifyAnswers answers with the effect the entry that teaches wmssvc the same.
func (s *cancellationService) ReclassifyAnswers(
	ctx context.Context, req *orchestratorv1.ReclassifyAnswersRequest,
) (*orchestratorv1.ReclassifyAnswersResponse, error) {
	named := ledger.Named{
		Message: strings.TrimSpace(req.GetVendorMessage()), Code: req.GetVendorCode(), Account: req.GetAccount(),
		Disposition: req.GetDisposition(),
	}
	if named.Message == "" {
		return nil, &serve.InvalidRequest{Field: "vendor_message", Text: "must not be blank"}
	}
	bounds := boundsOf(req.GetDryRun(), req.GetMaxCount())
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ReclassifyAnswersResponse, error) {
		effect, err := s.operator.Reclassify(ctx, tx, act, named, bounds, s.timing)
		if err != nil {
			return nil, err
		}
		entry, err := dictionaryEntry(named, effect.Flags)
		return &orchestratorv1.ReclassifyAnswersResponse{
			Result: effectMessage(effect), Outcomes: effect.Outcomes, DictionaryEntry: entry,
		}, err
	})
}

func (s *cancellationService) CloseWorkItems(
	ctx context.Context, req *orchestratorv1.CloseWorkItemsRequest,
) (*orchestratorv1.CloseWorkItemsResponse, error) {
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.CloseWorkItemsResponse, error) {
		effect, err := s.operator.CloseWorkItems(ctx, tx, act, req.GetWorkItemIds(), req.GetDryRun())
		return &orchestratorv1.CloseWorkItemsResponse{Result: effectMessage(effect)}, err
	})
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
