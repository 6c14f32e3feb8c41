package rpc

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	acts "github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	"github.com/voidrelay/voidrelay/orchestrator/internal/revision"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// defaultBillDiff is how many bills one page decides.
const defaultBillDiff = 500

func (s *schemeService) DiffSchemes(
	ctx context.Context, req *orchestratorv1.DiffSchemesRequest,
) (*orchestratorv1.DiffSchemesResponse, error) {
	if stored := req.GetRevision(); stored != nil {
		diffs, err := revision.DiffRevision(ctx, s.ledger, stored.GetScheme(), int(stored.GetRevision()))
		return &orchestratorv1.DiffSchemesResponse{Schemes: each(diffs, diffMessage)},
			revisionFault(err, stored.GetScheme(), int(stored.GetRevision()))
	}
	diffs, fault, err := revision.Diff(ctx, s.ledger, req.GetDocument())
	if fault != nil {
		return nil, &schemeInvalid{fault}
	}
	return &orchestratorv1.DiffSchemesResponse{Schemes: each(diffs, diffMessage)}, err
}

// revisionFault says what was not found: the scheme, or its revision.
func revisionFault(err error, scheme string, number int) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrNoRevision):
		return about(ledger.ErrNotFound, "revision", strconv.Itoa(number))
	}
	return about(err, "scheme", scheme)
}

func (s *schemeService) DiffSchemeBills(
	ctx context.Context, req *orchestratorv1.DiffSchemeBillsRequest,
) (*orchestratorv1.DiffSchemeBillsResponse, error) {
	after, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultBillDiff
	}
	order := ledger.BillDiffOrder{
		Scheme: req.GetScheme(), Revision: int(req.GetRevision()), Document: req.GetDocument(),
		Orders: ordersOf(req.GetOrders()),
		From:   timeOf(req.GetReadTimeFrom()), To: timeOf(req.GetReadTimeTo()),
	}
	found, fault, err := revision.DiffBills(ctx, s.ledger, order, after, size)
	switch {
	case fault != nil:
		return nil, &schemeInvalid{fault}
	case err != nil:
		return nil, revisionFault(err, order.Scheme, order.Revision)
	}
	next := ""
	if found.Last > 0 {
		next = pageToken(req, strconv.FormatInt(found.Last, 10))
	}
	return &orchestratorv1.DiffSchemeBillsResponse{
		Differences: each(found.Differences, differenceMessage), Bills: found.Bills,
		OrdersSame: found.Same, NextPageToken: next,
		OrdersChanged: found.Counts[ledger.MappingChanged], OrdersAdded: found.Counts[ledger.MappingAdded],
		OrdersRemoved: found.Counts[ledger.MappingRemoved], OrdersFaulty: found.Counts[ledger.MappingFaulty],
	}, nil
}

func (s *schemeService) ApplySchemes(
	ctx context.Context, req *orchestratorv1.ApplySchemesRequest,
) (*orchestratorv1.ApplySchemesResponse, error) {
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ApplySchemesResponse, error) {
		diffs, fault, err := revision.Apply(ctx, tx, act, revision.Proposal{
			Document: req.GetDocument(), IfRevision: req.GetIfRevisions(), Orders: ordersOf(req.GetOrders()),
		})
		if fault != nil {
			return nil, &schemeInvalid{fault}
		}
		return &orchestratorv1.ApplySchemesResponse{Schemes: each(diffs, diffMessage)}, err
	})
}

// ordersOf is what was said of a file that names orders otherwise, empty where nothing was.
func ordersOf(choice orchestratorv1.OrdersChoice) ledger.Orders {
	switch choice {
	case orchestratorv1.OrdersChoice_ORDERS_CHOICE_CORRECTED:
		return ledger.OrdersCorrected
	case orchestratorv1.OrdersChoice_ORDERS_CHOICE_FROM_NOW:
		return ledger.OrdersFromNow
	default:
		return ""
	}
}

func (s *schemeService) ListSchemeRevisions(
	ctx context.Context, req *orchestratorv1.ListSchemeRevisionsRequest,
) (*orchestratorv1.ListSchemeRevisionsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	//nolint:gosec // a page token that is not a revision finds nothing
	found, err := query.SchemeRevisions(ctx, s.ledger, req.GetScheme(), int32(before), size+1)
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	found, next := cut(req, found, size, func(v ledger.RevisionView) string { return strconv.Itoa(int(v.Revision)) })
	reply := &orchestratorv1.ListSchemeRevisionsResponse{NextPageToken: next}
	for _, v := range found {
		change, err := revision.Changed(v)
		if err != nil {
			return nil, err
		}
		reply.Revisions = append(reply.Revisions, &orchestratorv1.SchemeRevision{
			Revision: v.Revision, Actor: v.Actor, Reason: v.Reason, CreateTime: stamp(v.CreateTime),
			Added: each(change.Added, partMessage), Removed: each(change.Removed, partMessage),
			ChangedKeys: change.ChangedKeys,
		})
	}
	return reply, nil
}

func (s *schemeService) ExportSchemes(
	ctx context.Context, req *orchestratorv1.ExportSchemesRequest,
) (*orchestratorv1.ExportSchemesResponse, error) {
	if req.GetRevision() > 0 && len(req.GetSchemes()) != 1 {
		return nil, &serve.InvalidRequest{Field: "revision", Text: "goes with one scheme"}
	}
	document, err := revision.Export(ctx, s.ledger, req.GetSchemes(), int(req.GetRevision()))
	var missing *revision.MissingError
	if errors.As(err, &missing) {
		return nil, revisionFault(err, missing.Scheme, int(req.GetRevision()))
	}
	return &orchestratorv1.ExportSchemesResponse{Document: document}, err
}

func (s *schemeService) RetireScheme(
	ctx context.Context, req *orchestratorv1.RetireSchemeRequest,
) (*orchestratorv1.RetireSchemeResponse, error) {
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.RetireSchemeResponse, error) {
			ended, err := acts.Retire(ctx, tx, act, req.GetDryRun())
			return &orchestratorv1.RetireSchemeResponse{
				CancellationCount: ended.Cancellations, InFlight: ended.InFlight, ClaimCount: ended.Claims,
			}, err
		})
	return reply, schemeFault(err, req)
}

func (s *schemeService) GetSchemeDraft(
	ctx context.Context, req *orchestratorv1.GetSchemeDraftRequest,
) (*orchestratorv1.GetSchemeDraftResponse, error) {
	draft, err := query.SchemeDraft(ctx, s.ledger, req.GetScheme())
	if err != nil {
		return nil, about(err, "draft", req.GetScheme())
	}
	return &orchestratorv1.GetSchemeDraftResponse{Draft: draftMessage(draft)}, nil
}

func (s *schemeService) SaveSchemeDraft(
	ctx context.Context, req *orchestratorv1.SaveSchemeDraftRequest,
) (*orchestratorv1.SaveSchemeDraftResponse, error) {
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.SaveSchemeDraftResponse, error) {
			draft, err := acts.SaveDraft(ctx, tx, act, req.GetVersion(), req.GetDocument())
			return &orchestratorv1.SaveSchemeDraftResponse{Draft: draftMessage(draft)}, err
		})
	return reply, schemeFault(err, req)
}

func (s *schemeService) DiscardSchemeDraft(
	ctx context.Context, req *orchestratorv1.DiscardSchemeDraftRequest,
) (*orchestratorv1.DiscardSchemeDraftResponse, error) {
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.DiscardSchemeDraftResponse, error) {
			return &orchestratorv1.DiscardSchemeDraftResponse{}, acts.DiscardDraft(ctx, tx, act, req.GetVersion())
		})
	return reply, schemeFault(err, req)
}

func draftMessage(d ledger.SchemeDraft) *orchestratorv1.SchemeDraft {
	return &orchestratorv1.SchemeDraft{
		Scheme: d.Scheme, Version: d.Version, Document: d.Document, Actor: d.Actor, SaveTime: stamp(d.SaveTime),
		Revision: d.Revision,
	}
}

func diffMessage(d ledger.SchemeDiff) *orchestratorv1.SchemeDiff {
	return &orchestratorv1.SchemeDiff{
		Scheme: d.Scheme, Change: enum[orchestratorv1.SchemeChange](orchestratorv1.SchemeChange_value, "SCHEME_CHANGE_",
			string(d.Change)),
		Revision: d.Revision, NextRevision: d.NextRevision,
		Added: each(d.Added, partMessage), Removed: each(d.Removed, partMessage),
		ChangedKeys: d.ChangedKeys, Refusal: d.Refusal, OpenCancellations: d.OpenCancellations,
		OrderChanges: d.OrderChanges, Returned: each(d.Returned, returnedMessage),
		AwaySince: stamp(d.AwaySince),
	}
}

func returnedMessage(r ledger.ReturnedPart) *orchestratorv1.ReturnedPart {
	return &orchestratorv1.ReturnedPart{Part: partMessage(r.Part), AwaySince: stamp(r.Since), Bills: r.Bills,
		Orders: r.Orders}
}

func partMessage(p rule.Part) *orchestratorv1.SchemePart {
	return &orchestratorv1.SchemePart{Kind: string(p.Kind), Name: p.Name}
}

func differenceMessage(d ledger.MappingDifference) *orchestratorv1.MappingDifference {
	return &orchestratorv1.MappingDifference{
		BillId: d.BillID, BillNo: d.BillNo,
		Generation: int32(d.Generation), //nolint:gosec // counts lives of a bill
		OrderKind:  d.OrderKind, WarehouseNumber: d.Warehouse,
		Before: mappedMessage(d.Before), After: mappedMessage(d.After), Fault: d.Fault,
		Change: enum[orchestratorv1.MappingChange](orchestratorv1.MappingChange_value, "MAPPING_CHANGE_",
			string(d.Change)),
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
