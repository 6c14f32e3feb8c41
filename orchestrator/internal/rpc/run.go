package rpc

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

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
	recorder   Recorder
	starter    RunStarter
	now        func() time.Time
}

// StartRun records that a run was asked for, and asks for it, in one transaction.
func (s *runService) StartRun(
	ctx context.Context, req *orchestratorv1.StartRunRequest,
) (*orchestratorv1.StartRunResponse, error) {
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StartRunResponse, error) {
		at, err := s.operator.AskedForRun(ctx, tx, act)
		if err != nil {
			return nil, err
		}
		return &orchestratorv1.StartRunResponse{RequestTime: stamp(at)}, s.starter.StartRun(ctx, tx, act.Scheme)
	})
	return reply, s.stopped(ctx, err, req.GetScheme(), schemeFault(err, req))
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
