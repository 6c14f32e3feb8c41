package rpc

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type runService struct {
	orchestratorv1.UnimplementedRunServiceServer
	schemes    SchemeReader
	reader     PassReader
	reconciles ReconcileReader
	filled     BackfillReader
	operator   Operator
	starter    PassStarter
	backfills  BackfillOperator
	now        func() time.Time
}

// StartPass asks first and records then: a call that is cut off between the two is repeated, which starts nothing more while the
// pass is under way.
func (s *runService) StartPass(ctx context.Context, req *orchestratorv1.StartPassRequest) (*orchestratorv1.StartPassResponse, error) {
	act := actOf(ctx, req)
	at, found, err := s.operator.PassRequested(ctx, act)
	if err != nil {
		return nil, actFault(err, req)
	}
	if found {
		return &orchestratorv1.StartPassResponse{RequestTime: timestamppb.New(at)}, nil
	}
	stopped, err := s.schemes.StopReason(ctx, req.GetScheme())
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	if stopped != "" {
		return nil, &schemeStopped{scheme: req.GetScheme(), reason: stopped}
	}
	if err := s.starter.StartPass(ctx, req.GetScheme()); err != nil {
		return nil, actFault(err, req)
	}
	if at, err = s.operator.RecordPassRequest(ctx, act); err != nil {
		return nil, actFault(err, req)
	}
	return &orchestratorv1.StartPassResponse{RequestTime: timestamppb.New(at)}, nil
}

func (s *runService) GetPass(ctx context.Context, req *orchestratorv1.GetPassRequest) (*orchestratorv1.GetPassResponse, error) {
	found, err := s.reader.PassView(ctx, req.GetPassId())
	if err != nil {
		return nil, about(err, "pass_id", strconv.FormatInt(req.GetPassId(), 10))
	}
	return &orchestratorv1.GetPassResponse{Pass: passMessage(found)}, nil
}

func (s *runService) ListPasses(ctx context.Context, req *orchestratorv1.ListPassesRequest) (*orchestratorv1.ListPassesResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.reader.PassViews(ctx, req.GetScheme(), before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.PassView) string { return strconv.FormatInt(v.PassID, 10) })
	return &orchestratorv1.ListPassesResponse{Passes: each(found, passMessage), NextPageToken: next}, nil
}
