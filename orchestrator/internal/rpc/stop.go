package rpc

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (s *schemeService) PauseScheme(
	ctx context.Context, req *orchestratorv1.PauseSchemeRequest,
) (*orchestratorv1.PauseSchemeResponse, error) {
	reply, err := act(ctx, s.recorder,
		req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.PauseSchemeResponse, error) {
			if err := s.operator.Pause(ctx, tx, act); err != nil {
				return nil, err
			}
			scheme, err := s.standing(ctx, tx, act.Scheme)
			return &orchestratorv1.PauseSchemeResponse{Scheme: scheme}, err
		})
	return reply, schemeFault(err, req)
}

func (s *schemeService) StopAll(
	ctx context.Context, req *orchestratorv1.StopAllRequest,
) (*orchestratorv1.StopAllResponse, error) {
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StopAllResponse, error) {
		since, inFlight, err := s.operator.StopAll(ctx, tx, act)
		return &orchestratorv1.StopAllResponse{StopTime: stamp(since), InFlight: inFlight}, err
	})
}

func (s *schemeService) ResumeAll(
	ctx context.Context, req *orchestratorv1.ResumeAllRequest,
) (*orchestratorv1.ResumeAllResponse, error) {
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ResumeAllResponse, error) {
		resumed, err := s.operator.ResumeAll(ctx, tx, act)
		return &orchestratorv1.ResumeAllResponse{Resumed: resumed}, err
	})
}
