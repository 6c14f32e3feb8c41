package rpc

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

// stamp leaves an absent time absent.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// enum finds the value that a table's word stands for; a word that the contract does not have yet is unspecified.
func enum[E ~int32](values map[string]int32, prefix, word string) E {
	return E(values[prefix+strings.ToUpper(word)])
}

func stateWord(state orchestratorv1.CancellationState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "CANCELLATION_STATE_"))
}

func schemeMessage(v ledger.SchemeView) *orchestratorv1.Scheme {
	return &orchestratorv1.Scheme{
		Scheme: v.Scheme, Title: v.Title, FormId: v.FormID, DataCenterId: v.DataCenterID, WmsAccounts: v.Accounts,
		State:         enum[orchestratorv1.SchemeState](orchestratorv1.SchemeState_value, "SCHEME_STATE_", v.State),
		Conditions:    each(v.Conditions, conditionMessage),
		Mode:          enum[orchestratorv1.SchemeMode](orchestratorv1.SchemeMode_value, "SCHEME_MODE_", v.Mode),
		SendSinceTime: stamp(v.SendSince), Revision: v.Revision,
		IncrementalInterval: durationpb.New(v.IncrementalInterval), WatermarkTime: stamp(v.WatermarkTime),
		EffectiveFrom: stamp(v.EffectiveFrom), LastRunTime: stamp(v.LastRunTime), LastRunRows: v.LastRunRows,
		CancellationCounts: v.Counts, OpenWorkItems: v.OpenWorkItems, Document: v.Document,
	}
}

func runCountsMessage(f rule.RunCounts) *orchestratorv1.RunCounts {
	return &orchestratorv1.RunCounts{
		Rows: f.Rows, RowsOfBills: f.RowsOfBills, RowsOfProblems: f.RowsOfProblems, Bills: f.Bills, Live: f.Live,
		Unchanged: f.Unchanged, Voided: f.Voided, UnAudited: f.UnAudited, NeverAudited: f.NeverAudited,
		NeverSeenLive: f.NeverSeenLive, BeforeCutover: f.BeforeCutover, NotSelected: f.NotSelected,
		Outside: f.Outside, Stale: f.Stale,
		Undecodable: f.Undecodable, Orders: f.Orders, OrdersNew: f.OrdersNew, OrdersAlreadyOwed: f.OrdersAlreadyOwed,
		OrdersHeld: f.OrdersHeld, OrdersNotInScheme: f.OrdersNotInScheme, OrdersNoWarehouse: f.OrdersNoWarehouse,
		Deleted: f.Deleted,
	}
}

func cancellationMessage(v ledger.CancellationView) *orchestratorv1.Cancellation {
	return &orchestratorv1.Cancellation{
		CancellationId: v.CancellationID, Scheme: v.Scheme, BillId: v.BillID, BillNo: v.BillNo,
		Generation: v.Generation, Question: v.Question, OrderKind: v.OrderKind, WarehouseNumber: v.WarehouseNumber,
		Account:       v.Account,
		WarehouseCode: v.WarehouseCode, OrderCode: v.OrderCode, OrderType: v.OrderType, CancelReason: v.CancelReason,
		ExtendProps: v.ExtendProps, OwnerCode: v.OwnerCode,
		State: enum[orchestratorv1.CancellationState](orchestratorv1.CancellationState_value,
			"CANCELLATION_STATE_", v.State),
		Triggers: v.Triggers, Evidence: v.Evidence, OrdersFrom: v.OrdersFrom, HoldReason: v.HoldReason,
		Disposition: v.Disposition, VendorMessage: v.VendorMessage, Outcome: v.Outcome, Attempts: v.Attempts,
		DueTime: stamp(v.DueTime), CreateTime: stamp(v.CreateTime), UpdateTime: stamp(v.UpdateTime),
		OutcomeTime: stamp(v.OutcomeTime), Revision: v.Revision, RunId: v.RunID,
		SameOrderAs: v.SameOrderAs, WarehouseName: v.WarehouseName,
	}
}

func attemptMessage(v ledger.AttemptView) *orchestratorv1.Attempt {
	return &orchestratorv1.Attempt{
		Attempt: v.Attempt, IntentTime: stamp(v.IntentTime), SendBeforeTime: stamp(v.SendBefore),
		SendTime: stamp(v.SendTime), ResultTime: stamp(v.ResultTime), Disposition: v.Disposition,
		Recognised: v.Recognised, VendorFlag: v.VendorFlag, VendorCode: v.VendorCode, VendorMessage: v.VendorMessage,
		Detail: v.Detail, Request: v.Request, Reply: v.Reply,
	}
}

func workMessage(v ledger.WorkView) *orchestratorv1.WorkItem {
	return &orchestratorv1.WorkItem{
		WorkItemId: v.WorkItemID, Scheme: v.Scheme, Kind: v.Kind, BillId: v.BillID, BillNo: v.BillNo,
		CancellationId: v.CancellationID, Message: v.Message, Action: v.Action, CreateTime: stamp(v.CreateTime),
		CloseTime: stamp(v.CloseTime), CloseReason: v.CloseReason, Waiting: v.Waiting, Answers: v.Answers,
		FirstTime: stamp(v.FirstTime), LastTime: stamp(v.LastTime),
	}
}

func schemeReadingMessage(v ledger.ReadingView) *orchestratorv1.SchemeReading {
	return &orchestratorv1.SchemeReading{
		Scheme: v.Scheme, AsOfTime: stamp(v.AsOf), ReadingStandsStill: v.StandsStill, Standing: v.Standing,
		StandingEn: v.StandingEN,
	}
}

func billMessage(v ledger.BillView) *orchestratorv1.Bill {
	return &orchestratorv1.Bill{
		Scheme: v.Scheme, BillId: v.BillID, BillNo: v.BillNo, StockOrgNumber: v.Org,
		StockOrgName: v.OrgName, BillKind: v.BillKind,
		DocumentStatus: v.DocumentStatus, CancelStatus: v.CancelStatus, ModifyTime: stamp(v.ModifyTime),
		ApproveTime: stamp(v.ApproveTime), CancelTime: stamp(v.CancelTime), ReadTime: stamp(v.ReadTime),
		Generation: v.Generation, Class: v.Class,
		Verdict:     enum[orchestratorv1.Verdict](orchestratorv1.Verdict_value, "VERDICT_", string(v.VerdictCode)),
		VerdictText: v.Verdict, Reason: v.Reason, Cancellations: each(v.Cancellations, cancellationMessage),
		WorkItems: each(v.Work, workMessage), History: each(v.History, historyMessage),
		AsOfTime: stamp(v.AsOf), ReadingStandsStill: v.ReadingStandsStill, Standing: v.Standing,
	}
}

func historyMessage(v ledger.HistoryView) *orchestratorv1.BillHistoryEntry {
	return &orchestratorv1.BillHistoryEntry{
		EventTime: stamp(v.EventTime), Event: v.Event, EventText: v.EventText, Detail: v.Detail,
		EventTextEn: v.EventTextEN, DetailEn: v.DetailEN, CancellationId: v.CancellationID, Attempt: v.Attempt,
	}
}
