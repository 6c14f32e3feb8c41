package rpc

import (
	"context"
	"slices"
	"strconv"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

type workService struct {
	orchestratorv1.UnimplementedWorkServiceServer
	schemes SchemeReader
	reader  ConditionReader
	host    Host
}

func (s *workService) ListConditions(
	ctx context.Context, req *orchestratorv1.ListConditionsRequest,
) (*orchestratorv1.ListConditionsResponse, error) {
	before, err := pageNumber(req)
	if err != nil {
		return nil, err
	}
	size := pageSize(req)
	filter := ledger.ConditionFilter{Scheme: req.GetScheme(), IncludeEnded: req.GetIncludeEnded()}
	found, err := s.reader.ConditionViews(ctx, filter, before, size+1)
	if err == nil && len(found) == 0 {
		err = knownScheme(ctx, s.schemes, req.GetScheme())
	}
	if err != nil {
		return nil, err
	}
	found, next := cut(req, found, size,
		func(v ledger.ConditionView) string { return strconv.FormatInt(v.ConditionID, 10) })
	if before == 0 && req.GetScheme() == "" {
		found = append(s.host.Own(), slices.DeleteFunc(found, func(v ledger.ConditionView) bool {
			return v.EndTime.IsZero() && s.host.Keeps(v.Kind, v.Host)
		})...)
	}
	return &orchestratorv1.ListConditionsResponse{Conditions: each(found, conditionMessage), NextPageToken: next}, nil
}

func conditionMessage(v ledger.ConditionView) *orchestratorv1.Condition {
	return &orchestratorv1.Condition{
		ConditionId: v.ConditionID, Kind: string(v.Kind), Scheme: v.Scheme, DataCenterId: v.DataCenterID,
		Account: v.Account, Trigger: v.Trigger, Host: v.Host, Reason: v.Reason, Detail: v.Detail,
		Message: v.Message, Action: v.Action, MessageEn: v.MessageEN, ActionEn: v.ActionEN,
		BlocksReading: v.BlocksReading, BlocksSending: v.BlocksSending, ByPerson: v.ByPerson,
		SinceTime: stamp(v.Since), LastSeenTime: stamp(v.LastSeen), Returns: v.Returns,
		ProbeTime: stamp(v.ProbeTime), EndTime: stamp(v.EndTime), EndReason: v.EndReason,
	}
}
