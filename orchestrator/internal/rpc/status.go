package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// mostConditions bounds how many open conditions the status names.
const mostConditions = 500

type statusService struct {
	orchestratorv1.UnimplementedStatusServiceServer
	work   *workService
	reader StatusReader
}

func (s *statusService) GetStatus(
	ctx context.Context, _ *orchestratorv1.GetStatusRequest,
) (*orchestratorv1.GetStatusResponse, error) {
	listed, err := s.work.ListConditions(ctx, &orchestratorv1.ListConditionsRequest{PageSize: mostConditions})
	if err != nil {
		return nil, err
	}
	schemes, err := s.reader.SchemeStatuses(ctx)
	if err != nil {
		return nil, err
	}
	unsettled, err := s.reader.Unsettled(ctx)
	if err != nil {
		return nil, err
	}
	hosts, err := s.reader.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	return &orchestratorv1.GetStatusResponse{
		NeedsPerson: needsPerson(listed.GetConditions(), schemes, unsettled), Conditions: listed.GetConditions(),
		Hosts: each(hosts, hostMessage),
		Schemes: each(schemes, func(v ledger.SchemeStatus) *orchestratorv1.SchemeStatus {
			v.SendingBlockedBy = append(ledgerTroubles(listed.GetConditions()), v.SendingBlockedBy...)
			return schemeStatusMessage(v, unsettled)
		}),
	}, nil
}

// ledgerTroubles are the kinds of the conditions that keep everything from being sent and that no ledger can list: they
// stand in the memory of the host that is asked.
func ledgerTroubles(conditions []*orchestratorv1.Condition) (kinds []string) {
	for _, c := range conditions {
		switch rule.ConditionKind(c.GetKind()) {
		case rule.ConditionLedgerAway, rule.ConditionDatabaseReadOnly, rule.ConditionLedgerWentBack:
			kinds = append(kinds, c.GetKind())
		}
	}
	return kinds
}

// needsPerson says whether anything waits for a person.
func needsPerson(
	conditions []*orchestratorv1.Condition, schemes []ledger.SchemeStatus, unsettled []ledger.UnsettledCount,
) bool {
	for _, c := range conditions {
		if c.GetByPerson() {
			return true
		}
	}
	for _, s := range schemes {
		if s.OpenWorkItems > 0 {
			return true
		}
	}
	for _, u := range unsettled {
		if u.State == string(rule.Held) || u.State == string(rule.NeedsAttention) {
			return true
		}
	}
	return false
}

func schemeStatusMessage(v ledger.SchemeStatus, unsettled []ledger.UnsettledCount) *orchestratorv1.SchemeStatus {
	message := &orchestratorv1.SchemeStatus{
		Scheme:              v.Scheme,
		Mode:                enum[orchestratorv1.SchemeMode](orchestratorv1.SchemeMode_value, "SCHEME_MODE_", v.Mode),
		IncrementalInterval: durationpb.New(v.IncrementalInterval), AsOfTime: stamp(v.AsOf),
		WatermarkTime: stamp(v.WatermarkTime), ReadingStandsStill: v.StandsStill, Standing: v.Standing,
		SendingBlockedBy: v.SendingBlockedBy, OpenWorkItems: v.OpenWorkItems, StandingEn: v.StandingEN,
		SendSinceTime: stamp(v.SendSince), StandsStillSinceTime: stamp(v.StandsStillSince),
		SendingBlockedSinceTime: stamp(v.SendingBlockedSince),
	}
	for _, u := range unsettled {
		if u.Scheme == v.Scheme {
			message.Unsettled = append(message.Unsettled, &orchestratorv1.UnsettledCount{
				State: enum[orchestratorv1.CancellationState](orchestratorv1.CancellationState_value,
					"CANCELLATION_STATE_", u.State),
				Count: u.Count, OldestTime: stamp(u.OldestTime),
			})
		}
	}
	return message
}

func hostMessage(v ledger.HostView) *orchestratorv1.Host {
	return &orchestratorv1.Host{Host: v.Host, Version: v.Version, BeatTime: stamp(v.BeatTime), Gone: v.Gone}
}
