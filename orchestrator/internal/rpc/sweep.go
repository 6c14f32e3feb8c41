package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// SweepReader reads sweeps and watches.
type SweepReader interface {
	SweepViews(ctx context.Context, scheme string, kind ledger.SweepKind, before int64, limit int) ([]ledger.SweepView, error)
	SweepView(ctx context.Context, id int64) (ledger.SweepView, error)
}

// SweepOperator records that a sweep or a watch was asked for, and answers when a call with this request id did.
type SweepOperator interface {
	SweepRequested(ctx context.Context, act ledger.Act, kind ledger.SweepKind) (at time.Time, found bool, err error)
	RecordSweepRequest(ctx context.Context, act ledger.Act, kind ledger.SweepKind) (time.Time, error)
}

// SweepStarter asks for a sweep or a watch and does not wait for it. Asking while one is under way adds none.
type SweepStarter interface {
	StartSweep(ctx context.Context, scheme string, kind ledger.SweepKind) error
}

// StartSweep asks first and records then, as StartPass does.
func (s *runService) StartSweep(ctx context.Context, req *orchestratorv1.StartSweepRequest) (*orchestratorv1.StartSweepResponse, error) {
	act, kind := actOf(ctx, req), sweepWord(req.GetKind())
	at, found, err := s.operator.SweepRequested(ctx, act, kind)
	if err != nil {
		return nil, actFault(err, req)
	}
	if found {
		return &orchestratorv1.StartSweepResponse{RequestTime: timestamppb.New(at)}, nil
	}
	stopped, err := s.schemes.StopReason(ctx, req.GetScheme())
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	if stopped != "" {
		return nil, &schemeStopped{scheme: req.GetScheme(), reason: stopped}
	}
	if err := s.starter.StartSweep(ctx, req.GetScheme(), kind); err != nil {
		return nil, actFault(err, req)
	}
	if at, err = s.operator.RecordSweepRequest(ctx, act, kind); err != nil {
		return nil, actFault(err, req)
	}
	return &orchestratorv1.StartSweepResponse{RequestTime: timestamppb.New(at)}, nil
}

func (s *runService) GetSweep(ctx context.Context, req *orchestratorv1.GetSweepRequest) (*orchestratorv1.GetSweepResponse, error) {
	found, err := s.sweeps.SweepView(ctx, req.GetSweepId())
	if err != nil {
		return nil, about(err, "sweep_id", strconv.FormatInt(req.GetSweepId(), 10))
	}
	return &orchestratorv1.GetSweepResponse{Sweep: sweepMessage(found)}, nil
}

func (s *runService) ListSweeps(ctx context.Context, req *orchestratorv1.ListSweepsRequest) (*orchestratorv1.ListSweepsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.sweeps.SweepViews(ctx, req.GetScheme(), sweepWord(req.GetKind()), before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.SweepView) string { return strconv.FormatInt(v.SweepID, 10) })
	return &orchestratorv1.ListSweepsResponse{Sweeps: each(found, sweepMessage), NextPageToken: next}, nil
}

// sweepWord is the table's word for a kind; empty for none.
func sweepWord(kind orchestratorv1.SweepKind) ledger.SweepKind {
	if kind == orchestratorv1.SweepKind_SWEEP_KIND_UNSPECIFIED {
		return ""
	}
	return ledger.SweepKind(strings.ToLower(strings.TrimPrefix(kind.String(), "SWEEP_KIND_")))
}

func sweepMessage(v ledger.SweepView) *orchestratorv1.Sweep {
	return &orchestratorv1.Sweep{
		SweepId: v.SweepID, Scheme: v.Scheme,
		Kind:     enum[orchestratorv1.SweepKind](orchestratorv1.SweepKind_value, "SWEEP_KIND_", v.Kind),
		State:    enum[orchestratorv1.SweepState](orchestratorv1.SweepState_value, "SWEEP_STATE_", v.State),
		FromTime: stamp(v.From), ToTime: stamp(v.To), StartTime: stamp(v.StartTime), EndTime: stamp(v.EndTime), Hours: v.Hours,
		HoursDiffering: v.Differing, BillsRead: v.Read, BillsRepaired: v.Repaired, BillsMissing: v.Missing, BillsGone: v.Gone,
		RunCounts: runCountsMessage(v.RunCounts), Error: v.Error,
	}
}
