package rpc

import (
	"context"
	"errors"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type schemeService struct {
	orchestratorv1.UnimplementedSchemeServiceServer
	reader    SchemeReader
	operator  Operator
	gate      SendGate
	previewer Previewer
	replayer  Replayer
}

func (s *schemeService) ListSchemes(ctx context.Context, req *orchestratorv1.ListSchemesRequest) (*orchestratorv1.ListSchemesResponse, error) {
	after, err := pageKey(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	found, err := s.reader.SchemeViews(ctx, after, size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.SchemeView) string { return v.Scheme })
	return &orchestratorv1.ListSchemesResponse{Schemes: each(found, schemeMessage), NextPageToken: next}, nil
}

func (s *schemeService) GetScheme(ctx context.Context, req *orchestratorv1.GetSchemeRequest) (*orchestratorv1.GetSchemeResponse, error) {
	found, err := s.reader.SchemeView(ctx, req.GetScheme())
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	return &orchestratorv1.GetSchemeResponse{Scheme: schemeMessage(found)}, nil
}

// SetSchemeMode asks the gate only for what is not done yet: a repeated call answers the same, also when the scheme
// could not be set to send any more.
func (s *schemeService) SetSchemeMode(ctx context.Context, req *orchestratorv1.SetSchemeModeRequest) (*orchestratorv1.SetSchemeModeResponse, error) {
	send := req.GetMode() == orchestratorv1.SchemeMode_SCHEME_MODE_SEND
	act := actOf(ctx, req)
	if _, err := s.reader.StopReason(ctx, req.GetScheme()); err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	dryRun, done, err := s.operator.ModeSet(ctx, act, send)
	if err == nil && !done {
		dryRun, err = s.setMode(ctx, act, send)
	}
	if err != nil {
		return nil, actFault(err, req)
	}
	scheme, err := s.standing(ctx, req.GetScheme())
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.SetSchemeModeResponse{Scheme: scheme, DryRunCount: dryRun}, nil
}

func (s *schemeService) setMode(ctx context.Context, act ledger.Act, send bool) (int64, error) {
	if send {
		switch err := s.gate.CanSend(act.Scheme); {
		case errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrNotFound):
			return 0, err
		case err != nil:
			return 0, &sendRefused{scheme: act.Scheme, cause: err}
		}
	}
	return s.operator.SetMode(ctx, act, send)
}

func (s *schemeService) ResumeScheme(ctx context.Context, req *orchestratorv1.ResumeSchemeRequest) (*orchestratorv1.ResumeSchemeResponse, error) {
	if err := s.operator.Resume(ctx, actOf(ctx, req)); err != nil {
		return nil, actFault(err, req)
	}
	scheme, err := s.standing(ctx, req.GetScheme())
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.ResumeSchemeResponse{Scheme: scheme}, nil
}

func (s *schemeService) ReleaseScheme(ctx context.Context, req *orchestratorv1.ReleaseSchemeRequest) (*orchestratorv1.ReleaseSchemeResponse, error) {
	released, err := s.operator.Release(ctx, actOf(ctx, req), req.GetCancellationIds())
	if err != nil {
		return nil, actFault(err, req)
	}
	return &orchestratorv1.ReleaseSchemeResponse{Released: released}, nil
}

// standing is the scheme after an act, without its document.
func (s *schemeService) standing(ctx context.Context, scheme string) (*orchestratorv1.Scheme, error) {
	found, err := s.reader.SchemeView(ctx, scheme)
	if err != nil {
		return nil, about(err, "scheme", scheme)
	}
	found.Document = ""
	return schemeMessage(found), nil
}
