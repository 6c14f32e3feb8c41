package rpc

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type runService struct {
	orchestratorv1.UnimplementedRunServiceServer
	schemes  SchemeReader
	reader   RunReader
	operator Operator
	recorder Recorder
	starter  RunStarter
	now      func() time.Time
}

// StartRun records that a run was asked for, and asks for it, in one transaction.
func (s *runService) StartRun(
	ctx context.Context, req *orchestratorv1.StartRunRequest,
) (*orchestratorv1.StartRunResponse, error) {
	kind := ledger.RunKind(wordOf(req.GetKind(), "RUN_KIND_"))
	if kind == ledger.Backfill {
		return s.startBackfill(ctx, req)
	}
	if req.GetBackfill() != nil {
		return nil, &serve.InvalidRequest{Field: "backfill", Text: "is only for runs of kind RUN_KIND_BACKFILL"}
	}
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.StartRunResponse, error) {
		at, err := s.operator.AskedForRun(ctx, tx, act, kind)
		if err != nil {
			return nil, err
		}
		return &orchestratorv1.StartRunResponse{RequestTime: stamp(at)}, s.starter.StartRun(ctx, tx, act.Scheme, kind)
	})
	return reply, s.stopped(ctx, err, req.GetScheme(), schemeFault(err, req))
}

func (s *runService) GetRun(
	ctx context.Context, req *orchestratorv1.GetRunRequest,
) (*orchestratorv1.GetRunResponse, error) {
	found, err := s.reader.Run(ctx, req.GetRunId())
	if err != nil {
		return nil, about(err, "run_id", strconv.FormatInt(req.GetRunId(), 10))
	}
	return &orchestratorv1.GetRunResponse{Run: runMessage(found)}, nil
}

func (s *runService) ListRuns(
	ctx context.Context, req *orchestratorv1.ListRunsRequest,
) (*orchestratorv1.ListRunsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	filter := ledger.RunFilter{
		Scheme: req.GetScheme(),
		Kinds: each(req.GetKinds(), func(k orchestratorv1.RunKind) ledger.RunKind {
			return ledger.RunKind(wordOf(k, "RUN_KIND_"))
		}),
		States: each(req.GetStates(), func(s orchestratorv1.RunState) ledger.RunState {
			return ledger.RunState(wordOf(s, "RUN_STATE_"))
		}),
	}
	found, err := s.reader.Runs(ctx, filter, before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(r ledger.Run) string { return strconv.FormatInt(r.ID, 10) })
	return &orchestratorv1.ListRunsResponse{Runs: each(found, runMessage), NextPageToken: next}, nil
}

func (s *runService) CancelRun(
	ctx context.Context, req *orchestratorv1.CancelRunRequest,
) (*orchestratorv1.CancelRunResponse, error) {
	id := req.GetRunId()
	reply, err := act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.CancelRunResponse, error) {
		if err := s.operator.CancelBackfill(ctx, tx, act, id); err != nil {
			return nil, err
		}
		run, err := s.runIn(ctx, tx, id)
		return &orchestratorv1.CancelRunResponse{Run: run}, err
	})
	return reply, s.runFault(ctx, err, id)
}

// runIn is a run after an act, as its transaction sees it.
func (s *runService) runIn(ctx context.Context, tx pgx.Tx, id int64) (*orchestratorv1.Run, error) {
	found, err := s.operator.RunIn(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return runMessage(found), nil
}

// runFault says what the error of an act on a backfill is about.
func (s *runService) runFault(ctx context.Context, err error, id int64) error {
	var subject *located
	if err == nil || errors.As(err, &subject) {
		return err
	}
	if errors.Is(err, ledger.ErrStopped) {
		if found, failed := s.reader.Run(ctx, id); failed == nil {
			return s.stopped(ctx, err, found.Scheme, err)
		}
	}
	return about(err, "run_id", strconv.FormatInt(id, 10))
}

// stopped answers an error that tells why the scheme is stopped, where err is that it is, and otherwise the given one.
func (s *runService) stopped(ctx context.Context, err error, scheme string, otherwise error) error {
	if !errors.Is(err, ledger.ErrStopped) {
		return otherwise
	}
	reason, failed := s.schemes.StopReason(ctx, scheme)
	if failed != nil || reason == "" {
		return otherwise
	}
	return &schemeStopped{scheme: scheme, reason: reason}
}

// wordOf is the table's word for a value of an enum.
func wordOf(value interface{ String() string }, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}

func runMessage(r ledger.Run) *orchestratorv1.Run {
	m := &orchestratorv1.Run{
		RunId: r.ID, Scheme: r.Scheme,
		Kind:     enum[orchestratorv1.RunKind](orchestratorv1.RunKind_value, "RUN_KIND_", string(r.Kind)),
		State:    enum[orchestratorv1.RunState](orchestratorv1.RunState_value, "RUN_STATE_", string(r.State)),
		Revision: int32(r.Revision), //nolint:gosec // counted one by one
		Asked:    r.Asked, StartTime: stamp(r.StartTime), EndTime: stamp(r.EndTime), Cursor: r.Cursor,
		RunCounts: runCountsMessage(r.RunCounts), Error: r.Error, Note: r.Note,
	}
	switch r.Kind {
	case ledger.Baseline, ledger.Incremental:
		m.Detail = &orchestratorv1.Run_Reading{Reading: readingMessage(r.Reading)}
	case ledger.Recheck, ledger.Reconcile:
		m.Detail = &orchestratorv1.Run_Comparison{Comparison: comparisonMessage(r.Comparison)}
	case ledger.Backfill:
		m.Detail = &orchestratorv1.Run_Backfill{Backfill: backfillMessage(r.Backfill)}
	}
	return m
}

func readingMessage(d ledger.ReadingDetail) *orchestratorv1.Reading {
	return &orchestratorv1.Reading{
		LowerEdgeTime: stamp(d.LowerEdge), VendorTime: stamp(d.VendorTime),
		WatermarkBeforeTime: stamp(d.WatermarkBefore), WatermarkAfterTime: stamp(d.WatermarkAfter),
	}
}

func comparisonMessage(d ledger.ComparisonDetail) *orchestratorv1.Comparison {
	return &orchestratorv1.Comparison{
		FromTime: stamp(d.From), ToTime: stamp(d.To),
		Hours: int32(d.Hours), HoursDiffering: int32(d.Differing), //nolint:gosec // some days have not more
		BillsRead: d.Read, BillsRepaired: d.Repaired, BillsMissing: d.Missing, BillsGone: d.Gone,
	}
}
