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
	reader     RunReader
	reconciles ReconcileReader
	filled     BackfillReader
	operator   Operator
	starter    RunStarter
	backfills  BackfillOperator
	now        func() time.Time
}

// StartRun asks first and records then: a call that is cut off between the two is repeated, which starts nothing more
// while the run is under way.
func (s *runService) StartRun(ctx context.Context, req *orchestratorv1.StartRunRequest) (*orchestratorv1.StartRunResponse, error) {
	act := actOf(ctx, req)
	at, found, err := s.operator.RunRequested(ctx, act)
	if err != nil {
		return nil, actFault(err, req)
	}
	if found {
		return &orchestratorv1.StartRunResponse{RequestTime: timestamppb.New(at)}, nil
	}
	stopped, err := s.schemes.StopReason(ctx, req.GetScheme())
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	if stopped != "" {
		return nil, &schemeStopped{scheme: req.GetScheme(), reason: stopped}
	}
	if err := s.starter.StartRun(ctx, req.GetScheme()); err != nil {
		return nil, actFault(err, req)
	}
	if at, err = s.operator.RecordRunRequest(ctx, act); err != nil {
		return nil, actFault(err, req)
	}
	return &orchestratorv1.StartRunResponse{RequestTime: timestamppb.New(at)}, nil
}

func (s *runService) GetRun(ctx context.Context, req *orchestratorv1.GetRunRequest) (*orchestratorv1.GetRunResponse, error) {
	found, err := s.reader.RunView(ctx, req.GetRunId())
	if err != nil {
		return nil, about(err, "run_id", strconv.FormatInt(req.GetRunId(), 10))
	}
	return &orchestratorv1.GetRunResponse{Run: runMessage(found)}, nil
}

func (s *runService) ListRuns(ctx context.Context, req *orchestratorv1.ListRunsRequest) (*orchestratorv1.ListRunsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.reader.RunViews(ctx, req.GetScheme(), before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.RunView) string { return strconv.FormatInt(v.RunID, 10) })
	return &orchestratorv1.ListRunsResponse{Runs: each(found, runMessage), NextPageToken: next}, nil
}
