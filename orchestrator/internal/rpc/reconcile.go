package rpc

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// ReconcileReader reads reconcile runs and rechecks.
type ReconcileReader interface {
	ReconcileViews(ctx context.Context, scheme string, kind ledger.ReconcileKind, before int64, limit int) ([]ledger.ReconcileView, error)
	ReconcileView(ctx context.Context, id int64) (ledger.ReconcileView, error)
}

// StartReconcile does for reconcile runs and rechecks what StartRun does for incremental ones.
func (s *runService) StartReconcile(
	ctx context.Context, req *orchestratorv1.StartReconcileRequest,
) (*orchestratorv1.StartReconcileResponse, error) {
	kind := reconcileWord(req.GetKind())
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StartReconcileResponse, error) {
		at, err := s.operator.AskedForReconcile(ctx, tx, act, kind)
		if err != nil {
			return nil, err
		}
		return &orchestratorv1.StartReconcileResponse{RequestTime: stamp(at)}, s.starter.StartReconcile(ctx, tx, act.Scheme, kind)
	})
	return reply, s.stopped(ctx, err, req.GetScheme(), schemeFault(err, req))
}

func (s *runService) GetReconcile(ctx context.Context, req *orchestratorv1.GetReconcileRequest) (*orchestratorv1.GetReconcileResponse, error) {
	found, err := s.reconciles.ReconcileView(ctx, req.GetReconcileId())
	if err != nil {
		return nil, about(err, "reconcile_id", strconv.FormatInt(req.GetReconcileId(), 10))
	}
	return &orchestratorv1.GetReconcileResponse{Reconcile: reconcileMessage(found)}, nil
}

func (s *runService) ListReconciles(ctx context.Context, req *orchestratorv1.ListReconcilesRequest) (*orchestratorv1.ListReconcilesResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.reconciles.ReconcileViews(ctx, req.GetScheme(), reconcileWord(req.GetKind()), before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.ReconcileView) string { return strconv.FormatInt(v.ReconcileID, 10) })
	return &orchestratorv1.ListReconcilesResponse{Reconciles: each(found, reconcileMessage), NextPageToken: next}, nil
}

// reconcileWord is the table's word for a kind; empty for none.
func reconcileWord(kind orchestratorv1.ReconcileKind) ledger.ReconcileKind {
	if kind == orchestratorv1.ReconcileKind_RECONCILE_KIND_UNSPECIFIED {
		return ""
	}
	return ledger.ReconcileKind(strings.ToLower(strings.TrimPrefix(kind.String(), "RECONCILE_KIND_")))
}

func reconcileMessage(v ledger.ReconcileView) *orchestratorv1.Reconcile {
	return &orchestratorv1.Reconcile{
		ReconcileId: v.ReconcileID, Scheme: v.Scheme,
		Kind:     enum[orchestratorv1.ReconcileKind](orchestratorv1.ReconcileKind_value, "RECONCILE_KIND_", v.Kind),
		State:    enum[orchestratorv1.ReconcileState](orchestratorv1.ReconcileState_value, "RECONCILE_STATE_", v.State),
		FromTime: stamp(v.From), ToTime: stamp(v.To), StartTime: stamp(v.StartTime), EndTime: stamp(v.EndTime), Hours: v.Hours,
		HoursDiffering: v.Differing, BillsRead: v.Read, BillsRepaired: v.Repaired, BillsMissing: v.Missing, BillsGone: v.Gone,
		RunCounts: runCountsMessage(v.RunCounts), Error: v.Error,
	}
}
