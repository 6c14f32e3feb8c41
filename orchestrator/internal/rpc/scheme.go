package rpc

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type schemeService struct {
	orchestratorv1.UnimplementedSchemeServiceServer
	reader   SchemeReader
	operator Operator
	recorder Recorder
	gate     SendGate
	// ledger is what revisions are read from.
	ledger  ledger.Reads
	starter RunStarter
}

func (s *schemeService) ListSchemes(
	ctx context.Context, req *orchestratorv1.ListSchemesRequest,
) (*orchestratorv1.ListSchemesResponse, error) {
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

func (s *schemeService) GetScheme(
	ctx context.Context, req *orchestratorv1.GetSchemeRequest,
) (*orchestratorv1.GetSchemeResponse, error) {
	found, err := s.reader.SchemeView(ctx, req.GetScheme())
	if err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	return &orchestratorv1.GetSchemeResponse{Scheme: schemeMessage(found)}, nil
}

// SetSchemeMode asks the gate only for what is not done yet: a repeated call answers the same, also when the scheme
// could not be set to send any more.
func (s *schemeService) SetSchemeMode(
	ctx context.Context, req *orchestratorv1.SetSchemeModeRequest,
) (*orchestratorv1.SetSchemeModeResponse, error) {
	send := req.GetMode() == orchestratorv1.SchemeMode_SCHEME_MODE_SEND
	if req.GetIncludeDryRun() && !send {
		return nil, &serve.InvalidRequest{Field: "include_dry_run", Text: "goes with SCHEME_MODE_SEND only"}
	}
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.SetSchemeModeResponse, error) {
			if send {
				if err := s.mayBeSent(ctx, tx, act.Scheme); err != nil {
					return nil, err
				}
			}
			dryRun, err := s.operator.SetMode(ctx, tx, act, send)
			if err != nil {
				return nil, err
			}
			var runs []int64
			if req.GetIncludeDryRun() {
				if runs, err = s.takeUp(ctx, tx, act); err != nil {
					return nil, err
				}
			}
			scheme, err := s.standing(ctx, tx, act.Scheme)
			return &orchestratorv1.SetSchemeModeResponse{
				Scheme: scheme, DryRunCount: dryRun, BackfillRunIds: runs,
			}, err
		})
	return reply, schemeFault(err, req)
}

// backfillNumbers is how many bills one backfill takes by their numbers.
const backfillNumbers = 1000

// takeUp begins backfills of the bills of which something was only decided in dry run.
func (s *schemeService) takeUp(ctx context.Context, tx pgx.Tx, act ledger.Act) (runs []int64, err error) {
	numbers, err := s.operator.DryRunNumbers(ctx, tx, act.Scheme)
	if err != nil {
		return nil, err
	}
	act.RequestID = ""
	for some := range slices.Chunk(numbers, backfillNumbers) {
		id, err := s.operator.StartBackfill(ctx, tx, act, ledger.BackfillOrder{Numbers: some, BeforeCutover: true})
		if err != nil {
			return nil, err
		}
		if err := s.starter.InsertBackfill(ctx, tx, id); err != nil {
			return nil, err
		}
		runs = append(runs, id)
	}
	return runs, nil
}

// mayBeSent refuses a scheme that may not be set to send as it is.
func (s *schemeService) mayBeSent(ctx context.Context, tx pgx.Tx, scheme string) error {
	standing, err := s.operator.StandingIn(ctx, tx, scheme)
	if err != nil {
		return err
	}
	if err := s.gate.CanSend(standing); err != nil {
		return &sendRefused{scheme: scheme, cause: err}
	}
	return nil
}

func (s *schemeService) ResumeScheme(
	ctx context.Context, req *orchestratorv1.ResumeSchemeRequest,
) (*orchestratorv1.ResumeSchemeResponse, error) {
	reply, err := act(ctx, s.recorder, req,
		func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ResumeSchemeResponse, error) {
			var restoredTo time.Time
			if at := req.GetKingdeeRestoredTo(); at != nil {
				restoredTo = at.AsTime()
			}
			if err := s.operator.Resume(ctx, tx, act, restoredTo); err != nil {
				return nil, err
			}
			scheme, err := s.standing(ctx, tx, act.Scheme)
			return &orchestratorv1.ResumeSchemeResponse{Scheme: scheme}, err
		})
	return reply, schemeFault(err, req)
}

// standing is the scheme after an act, as its transaction sees it.
func (s *schemeService) standing(ctx context.Context, tx pgx.Tx, scheme string) (*orchestratorv1.Scheme, error) {
	found, err := query.SchemeIn(ctx, tx, scheme)
	if err != nil {
		return nil, err
	}
	return schemeMessage(found), nil
}
