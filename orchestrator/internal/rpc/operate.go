package rpc

import (
	"context"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// How many cancellations an act may touch when its caller does not say: defaultMax, or mostMax where he has said which,
// by a token or by what they are held for.
const (
	defaultMax = 100
	mostMax    = 100_000
)

// selective is a request to do something to selected cancellations.
type selective interface {
	writing
	bounded
	GetFilter() *orchestratorv1.CancellationFilter
}

// bounded is a request that may only count, or may touch only so many.
type bounded interface {
	GetDryRun() bool
	GetMaxCount() int32
	GetToken() string
}

func (s *cancellationService) RetryCancellations(
	ctx context.Context, req *orchestratorv1.RetryCancellationsRequest,
) (*orchestratorv1.RetryCancellationsResponse, error) {
	wrap := func(r *orchestratorv1.ActionResult) *orchestratorv1.RetryCancellationsResponse {
		return &orchestratorv1.RetryCancellationsResponse{Result: r}
	}
	return operate(ctx, s, ledger.Retry, req, wrap)
}

func (s *cancellationService) IgnoreCancellations(
	ctx context.Context, req *orchestratorv1.IgnoreCancellationsRequest,
) (*orchestratorv1.IgnoreCancellationsResponse, error) {
	wrap := func(r *orchestratorv1.ActionResult) *orchestratorv1.IgnoreCancellationsResponse {
		return &orchestratorv1.IgnoreCancellationsResponse{Result: r}
	}
	return operate(ctx, s, ledger.Ignore, req, wrap)
}

func (s *cancellationService) MarkCancellationsDone(
	ctx context.Context, req *orchestratorv1.MarkCancellationsDoneRequest,
) (*orchestratorv1.MarkCancellationsDoneResponse, error) {
	wrap := func(r *orchestratorv1.ActionResult) *orchestratorv1.MarkCancellationsDoneResponse {
		return &orchestratorv1.MarkCancellationsDoneResponse{Result: r}
	}
	return operate(ctx, s, ledger.MarkDone, req, wrap)
}

func (s *cancellationService) ReleaseCancellations(
	ctx context.Context, req *orchestratorv1.ReleaseCancellationsRequest,
) (*orchestratorv1.ReleaseCancellationsResponse, error) {
	wrap := func(r *orchestratorv1.ActionResult) *orchestratorv1.ReleaseCancellationsResponse {
		return &orchestratorv1.ReleaseCancellationsResponse{Result: r}
	}
	return operate(ctx, s, ledger.ReleaseHeld, req, wrap)
}

// operate does a verb to the cancellations that a request selects.
func operate[Reply proto.Message](
	ctx context.Context, s *cancellationService, verb ledger.Verb, req selective,
	wrap func(*orchestratorv1.ActionResult) Reply,
) (none Reply, _ error) {
	filter, err := filterOf(req.GetFilter())
	if err != nil {
		return none, err
	}
	if filter.Scheme == "" {
		return none, &serve.InvalidRequest{Field: "filter.scheme", Text: "an act names its scheme"}
	}
	if namesNothing(filter) && !req.GetDryRun() && req.GetToken() == "" {
		return none, &serve.InvalidRequest{
			Field: "filter",
			Text: "it names nothing but the scheme: say which cancellations, or carry the token of a dry run that " +
				"counted all of them",
		}
	}
	bounds := boundsOf(req)
	if verb == ledger.ReleaseHeld && filter.HoldReason != "" && req.GetMaxCount() == 0 {
		bounds.Max = mostMax
	}
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (Reply, error) {
		effect, err := s.operator.Operate(ctx, tx, verb, act, filter, bounds)
		return wrap(effectMessage(effect)), err
	})
	return reply, schemeFault(err, req.GetFilter())
}

// ReclassifyAnswers answers with the effect the entry that teaches wmssvc the same.
func (s *cancellationService) ReclassifyAnswers(
	ctx context.Context, req *orchestratorv1.ReclassifyAnswersRequest,
) (*orchestratorv1.ReclassifyAnswersResponse, error) {
	choice := ledger.TextChoice{
		WorkItemID: req.GetWorkItemId(), Text: strings.TrimSpace(req.GetText()),
		InsteadOf: rule.Disposition(req.GetInsteadOf()),
	}
	if (choice.WorkItemID == 0) == (choice.Text == "") {
		return nil, &serve.InvalidRequest{Field: "text", Text: "name the text, or its work item, and not both"}
	}
	meaning := rule.Disposition(req.GetDisposition())
	bounds := boundsOf(req)
	if req.GetMaxCount() == 0 {
		bounds.Max = mostMax
	}
	return act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ReclassifyAnswersResponse, error) {
			effect, err := s.operator.Reclassify(ctx, tx, act, choice, meaning, bounds, s.timing)
			if err != nil {
				return nil, err
			}
			entry, err := dictionaryEntry(*effect.Text, meaning)
			return &orchestratorv1.ReclassifyAnswersResponse{
				Result: effectMessage(effect), Outcomes: effect.Outcomes, DictionaryEntry: entry,
				Text: effect.Text.Text,
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

// namesNothing says whether a filter selects all that an act is for in its scheme: a word that was left out would be
// enough to touch everything. States alone name nothing either.
func namesNothing(f ledger.CancellationFilter) bool {
	f.Scheme, f.States = "", nil
	if len(f.IDs) == 0 {
		f.IDs = nil
	}
	return reflect.DeepEqual(f, ledger.CancellationFilter{})
}

func boundsOf(req bounded) ledger.Bounds {
	bounds := ledger.Bounds{DryRun: req.GetDryRun(), Max: int64(req.GetMaxCount()), Token: req.GetToken()}
	switch {
	case bounds.Max != 0:
	case bounds.Token != "":
		bounds.Max = mostMax
	default:
		bounds.Max = defaultMax
	}
	return bounds
}

func effectMessage(e ledger.Effect) *orchestratorv1.ActionResult {
	return &orchestratorv1.ActionResult{
		Count: e.Count, CancellationIds: e.IDs, Refused: each(e.Refused, refusalMessage), RefusedCount: e.RefusedCount,
		DryRun: e.DryRun, Token: e.Token,
	}
}

func refusalMessage(r ledger.Refusal) *orchestratorv1.ActionRefusal {
	return &orchestratorv1.ActionRefusal{
		CancellationId: r.CancellationID, WorkItemId: r.WorkItemID, BillNo: r.BillNo, Message: r.Message,
	}
}
