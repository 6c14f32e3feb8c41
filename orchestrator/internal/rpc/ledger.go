package rpc

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	acts "github.com/voidrelay/voidrelay/orchestrator/internal/operate"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// errNotBehind refuses a confirmation on a host whose ledger has all that was seen of it.
var errNotBehind = errors.New("the ledger is not behind what this host remembers: there is nothing to confirm " +
	"(账本没有变旧，无需确认)")

type ledgerService struct {
	orchestratorv1.UnimplementedLedgerServiceServer
	memory   *memory.Keeper
	recorder Recorder
}

func (s *ledgerService) GetLedgerMemory(
	context.Context, *orchestratorv1.GetLedgerMemoryRequest,
) (*orchestratorv1.GetLedgerMemoryResponse, error) {
	_, newest, _ := s.memory.Head()
	reply := &orchestratorv1.GetLedgerMemoryResponse{
		Remembers: s.memory != nil, SeenEventNumber: newest.Number, SeenEventTime: stamp(newest.Time),
	}
	if lost, behind := s.memory.Lost(); behind {
		reply.Loss = lossMessage(lost)
	}
	return reply, nil
}

func (s *ledgerService) ConfirmLedger(
	ctx context.Context, req *orchestratorv1.ConfirmLedgerRequest,
) (*orchestratorv1.ConfirmLedgerResponse, error) {
	return act(ctx, s.recorder, req, func(tx pgx.Tx, act ledger.Act) (*orchestratorv1.ConfirmLedgerResponse, error) {
		lost, behind := s.memory.Lost()
		head, newest, any := s.memory.Head()
		if !behind || !any {
			return nil, errNotBehind
		}
		err := acts.ConfirmLedger(ctx, tx, act, acts.Confirmed{
			Remembered: head.LedgerID, SeenEvent: newest.Number, Acts: lost.ActCount, Outcomes: lost.OutcomeCount,
		})
		return &orchestratorv1.ConfirmLedgerResponse{ActCount: lost.ActCount, OutcomeCount: lost.OutcomeCount}, err
	})
}

func lossMessage(lost memory.Lost) *orchestratorv1.LedgerLoss {
	return &orchestratorv1.LedgerLoss{
		SinceTime: stamp(lost.Since), NewestEventNumber: lost.HasNewest, NewestEventTime: stamp(lost.HasTime),
		AnotherLedger: lost.AnotherLedger, AnotherServer: lost.AnotherServer, AnotherTimeline: lost.AnotherTimeline,
		ActCount: lost.ActCount, OutcomeCount: lost.OutcomeCount,
		Acts: each(lost.Acts, func(l memory.Line) *orchestratorv1.LostAct {
			return &orchestratorv1.LostAct{
				ActTime: stamp(l.Time), Verb: l.Reason, VerbZh: l.ReasonZH, Scheme: l.Scheme, Actor: l.Actor,
				Reason: l.Why,
			}
		}),
		Outcomes: each(lost.Outcomes, func(l memory.Line) *orchestratorv1.LostOutcome {
			return &orchestratorv1.LostOutcome{
				OutcomeTime: stamp(l.Time), Scheme: l.Scheme, BillNo: l.BillNo, Order: l.Order, Outcome: l.Reason,
				State: enum[orchestratorv1.CancellationState](orchestratorv1.CancellationState_value,
					"CANCELLATION_STATE_", l.State),
			}
		}),
	}
}
