package rpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (s *schemeService) MoveMark(ctx context.Context, req *orchestratorv1.MoveMarkRequest) (*orchestratorv1.MoveMarkResponse, error) {
	before, err := s.operator.MoveMark(ctx, actOf(ctx, req), req.GetMarkTime().AsTime())
	if err != nil {
		return nil, actFault(err, req)
	}
	scheme, err := s.standing(ctx, req.GetScheme())
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.MoveMarkResponse{Scheme: scheme, MarkBeforeTime: stamp(before)}, nil
}

func (s *schemeService) ListMarkMoves(ctx context.Context, req *orchestratorv1.ListMarkMovesRequest) (*orchestratorv1.ListMarkMovesResponse, error) {
	before, err := moveKey(req)
	if err != nil {
		return nil, err
	}
	if _, err := s.reader.StopReason(ctx, req.GetScheme()); err != nil {
		return nil, about(err, "scheme", req.GetScheme())
	}
	size := pageSize(req)
	found, err := s.reader.MarkMoves(ctx, req.GetScheme(), before, size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size, func(v ledger.MarkMoveView) string {
		return strconv.FormatInt(v.Key.Time.UnixMicro(), 10) + " " + strconv.FormatInt(v.Key.PassID, 10)
	})
	return &orchestratorv1.ListMarkMovesResponse{Moves: each(found, moveMessage), NextPageToken: next}, nil
}

// moveKey is pageKey for moves of a mark, which are in order of time.
func moveKey(req paged) (ledger.MarkMoveKey, error) {
	key, err := pageKey(req)
	if err != nil || key == "" {
		return ledger.MarkMoveKey{}, err
	}
	micros, pass, _ := strings.Cut(key, " ")
	at, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return ledger.MarkMoveKey{}, errPageToken
	}
	id, err := strconv.ParseInt(pass, 10, 64)
	if err != nil {
		return ledger.MarkMoveKey{}, errPageToken
	}
	return ledger.MarkMoveKey{Time: time.UnixMicro(at), PassID: id}, nil
}

func moveMessage(v ledger.MarkMoveView) *orchestratorv1.MarkMove {
	return &orchestratorv1.MarkMove{
		MoveTime: stamp(v.Key.Time), MarkBeforeTime: stamp(v.MarkBefore), MarkAfterTime: stamp(v.MarkAfter), PassId: v.Key.PassID,
		Actor: v.Actor, Reason: v.Reason,
	}
}
