package operate

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// notByHand are kinds that stand for something which goes on while they are open; closing them would only hide it.
var notByHand = map[string]string{
	"many_deleted":  "取消仍被暂停：请确认单据确已删除后放行（release），或选择不取消（ignore）",
	"part_was_away": "取消仍被暂停：请核对后放行（release），或选择不取消（ignore）",
	"no_event_time": "取消仍被暂停：请确认作废（或关闭）时间后放行（release），或选择不取消（ignore）",
}

// CloseWorkItems closes work items that are about no cancellation, or whose cancellation has ended; what is still owed
// wants a decision about the cancellation itself. A dry run changes and records nothing.
func (s *Operator) CloseWorkItems(
	ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64, dryRun bool,
) (ledger.Effect, error) {
	closable, effect, err := workToClose(ctx, tx, ids)
	if effect.DryRun = dryRun; err != nil || dryRun {
		return effect, err
	}
	closed, err := ledger.CloseItems(ctx, tx, byWhom("closed", act), `w.work_item_id = any(@ids)`,
		pgx.StrictNamedArgs{"ids": closable})
	if err != nil {
		return ledger.Effect{}, err
	}
	for _, w := range closed {
		if w.CancellationID != 0 {
			effect.IDs = append(effect.IDs, w.CancellationID)
		}
	}
	slices.Sort(effect.IDs)
	effect.IDs = slices.Compact(effect.IDs)
	_, err = record(ctx, tx, ledger.CloseWork, act, closeParameters{ids}, effect, effect.IDs...)
	return effect, err
}

type closeParameters struct {
	IDs []int64 `json:"work_item_ids"`
}

// workToClose locks these work items and sorts them.
func workToClose(ctx context.Context, tx pgx.Tx, ids []int64) ([]int64, ledger.Effect, error) {
	type row struct {
		WorkItemID     int64
		Kind, BillNo   string
		CancellationID int64
		Closed         bool
		State          string
	}
	var effect ledger.Effect
	rows, err := tx.Query(ctx, `
select w.work_item_id, w.kind, w.bill_no, w.cancellation_id, w.close_time is not null as closed,
       coalesce((select c.state from cancellation_now c where c.cancellation_id = w.cancellation_id), '') as state
from work_item w
where w.work_item_id = any($1)
order by w.work_item_id
for update of w`, ids)
	if err != nil {
		return nil, effect, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, effect, err
	}
	var closable []int64
	known := map[int64]bool{}
	for _, w := range found {
		known[w.WorkItemID] = true
		words, standing := notByHand[w.Kind]
		switch w.State {
		case "planned", "open", "held", "needs_attention":
			words, standing = "取消尚未了结：请先重试、不取消、标记已取消或放行", true
		}
		if w.Closed {
			words, standing = "已经关闭", true
		}
		if standing {
			effect.Refuse(ledger.Refusal{
				WorkItemID: w.WorkItemID, CancellationID: w.CancellationID, BillNo: w.BillNo, Message: words,
			})
			continue
		}
		closable = append(closable, w.WorkItemID)
	}
	effect.Count = int64(len(closable))
	for _, id := range ids {
		if !known[id] {
			known[id] = true
			effect.Refuse(ledger.Refusal{WorkItemID: id, Message: "没有此待办"})
		}
	}
	return closable, effect, nil
}
