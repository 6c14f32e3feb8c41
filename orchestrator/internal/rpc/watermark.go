package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (s *schemeService) MoveWatermark(
	ctx context.Context, req *orchestratorv1.MoveWatermarkRequest,
) (*orchestratorv1.MoveWatermarkResponse, error) {
	reply, err := act(ctx, s.recorder,
		req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.MoveWatermarkResponse, error) {
			before, err := s.operator.MoveWatermark(ctx, tx, act, req.GetWatermarkTime().AsTime())
			if err != nil {
				return nil, err
			}
			scheme, err := s.standing(ctx, tx, act.Scheme)
			return &orchestratorv1.MoveWatermarkResponse{Scheme: scheme, WatermarkBeforeTime: stamp(before)}, err
		})
	return reply, schemeFault(err, req)
}

func (s *schemeService) ListWatermarkChanges(
	ctx context.Context, req *orchestratorv1.ListWatermarkChangesRequest,
) (*orchestratorv1.ListWatermarkChangesResponse, error) {
	before, err := moveKey(req)
	if err != nil {
		return nil, err
	}
	if _, err := s.reader.StopReason(ctx, req.GetScheme()); err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	size := pageSize(req)
	found, err := s.reader.WatermarkChanges(ctx, req.GetScheme(), before, size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.WatermarkChangeView) string {
		return strconv.FormatInt(v.Key.Time.UnixMicro(), 10) + " " + strconv.FormatInt(v.Key.RunID, 10)
	})
	return &orchestratorv1.ListWatermarkChangesResponse{Moves: each(found, moveMessage), NextPageToken: next}, nil
}

// moveKey is pageKey for changes of a watermark, which are in order of time.
func moveKey(req paged) (ledger.WatermarkChangeKey, error) {
	key, err := pageKey(req)
	if err != nil || key == "" {
		return ledger.WatermarkChangeKey{}, err
	}
	micros, run, _ := strings.Cut(key, " ")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return ledger.WatermarkChangeKey{}, errPageToken
	}
	id, err := strconv.ParseInt(run, 10, 64)
	if err != nil {
		return ledger.WatermarkChangeKey{}, errPageToken
	}
	return ledger.WatermarkChangeKey{Time: time.UnixMicro(at), RunID: id}, nil
}

func moveMessage(v ledger.WatermarkChangeView) *orchestratorv1.WatermarkChange {
	return &orchestratorv1.WatermarkChange{
		MoveTime: stamp(v.Key.Time), WatermarkBeforeTime: stamp(v.WatermarkBefore),
		WatermarkAfterTime: stamp(v.WatermarkAfter), RunId: v.Key.RunID,
		Actor: v.Actor, Reason: v.Reason,
	}
}
