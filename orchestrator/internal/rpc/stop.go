package rpc

import (
	"context"
	"errors"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// forAll is a request to do something to all schemes.
type forAll interface {
	GetReason() string
	GetRequestId() string
}

func actForAll(ctx context.Context, req forAll) ledger.Act {
	return ledger.Act{Actor: access.Caller(ctx), Reason: req.GetReason(), RequestID: req.GetRequestId()}
}

// forAllFault is actFault where there is no scheme to name.
func forAllFault(err error, req forAll) error {
	if errors.Is(err, ledger.ErrRequestIDReused) {
		return about(err, "request_id", req.GetRequestId())
	}
	return err
}

func (s *schemeService) PauseScheme(ctx context.Context, req *orchestratorv1.PauseSchemeRequest) (*orchestratorv1.PauseSchemeResponse, error) {
	if err := s.operator.Pause(ctx, actOf(ctx, req)); err != nil {
		return nil, actFault(err, req)
	}
	scheme, err := s.standing(ctx, req.GetScheme())
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.PauseSchemeResponse{Scheme: scheme}, nil
}

func (s *schemeService) StopAll(ctx context.Context, req *orchestratorv1.StopAllRequest) (*orchestratorv1.StopAllResponse, error) {
	since, inFlight, err := s.operator.StopAll(ctx, actForAll(ctx, req))
	if err != nil {
		return nil, forAllFault(err, req)
	}
	return &orchestratorv1.StopAllResponse{StopTime: stamp(since), InFlight: inFlight}, nil
}

func (s *schemeService) ResumeAll(ctx context.Context, req *orchestratorv1.ResumeAllRequest) (*orchestratorv1.ResumeAllResponse, error) {
	resumed, err := s.operator.ResumeAll(ctx, actForAll(ctx, req))
	if err != nil {
		return nil, forAllFault(err, req)
	}
	return &orchestratorv1.ResumeAllResponse{Resumed: resumed}, nil
}
