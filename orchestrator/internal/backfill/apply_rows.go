package backfill

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

type plannedRow struct {
	Item                       int64
	BillID                     int64
	BillNo, Class, State       string
	OrderKind, WarehouseNumber string
	rule.Request
	Evidence       string
	Generation     int
	CancellationID int64
	Detail         string
	Seen           []byte
}

// PlannedItems answers the items of a plan behind the given one, at most limit.
func (s *PlanRows) PlannedItems(ctx context.Context, run, after int64, limit int) ([]ledger.BackfillItem, error) {
	found, err := ledger.ReadAll[plannedRow](ctx, s.pool, "read planned items", `
select i.item, i.bill_id, i.bill_no, i.class, i.state, i.order_kind, i.warehouse_number, i.account, i.warehouse_code,
       i.order_code, i.order_type, i.cancel_reason, i.extend_props, i.owner_code, i.evidence, i.generation,
       coalesce(i.cancellation_id, 0) as cancellation_id, i.detail, i.seen
from backfill_item i
where i.run_id = @run and i.item > @after
order by i.item
limit @limit`, pgx.StrictNamedArgs{"run": run, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	items := make([]ledger.BackfillItem, len(found))
	for i, r := range found {
		if items[i], err = r.item(); err != nil {
			return nil, fmt.Errorf("read planned items: %w", err)
		}
	}
	return items, nil
}

func (r plannedRow) item() (ledger.BackfillItem, error) {
	item := ledger.BackfillItem{
		Item: r.Item, BillID: r.BillID, BillNo: r.BillNo, Class: rule.Class(r.Class), State: ledger.ItemState(r.State),
		CancellationID: r.CancellationID, Detail: r.Detail,
		Cancellation: ledger.Cancellation{
			BillID: r.BillID, BillNo: r.BillNo, Generation: r.Generation, Request: r.Request,
			Evidence: rule.Evidence(r.Evidence), Order: rule.Order{Warehouse: r.WarehouseNumber},
		},
	}
	if kind, ok := rule.ParseOrderKind(r.OrderKind); ok {
		item.Cancellation.Order.BillKind, item.Cancellation.Order.Direction = kind.BillKind, kind.Direction
	}
	if r.Seen == nil {
		return item, nil
	}
	item.Seen = &rule.State{}
	return item, json.Unmarshal(r.Seen, item.Seen)
}

// CommitApplied owes a page of a plan like CommitDecided, notes what became of its items, and moves the cursor by
// compare-and-set; also runs in the same transaction. Faults are those of CommitBackfill.
func (s *PlanRows) CommitApplied(ctx context.Context, b *ledger.Run, basis ledger.Basis, page ledger.Page,
	applied ledger.Applied, also func(pgx.Tx) error,
) error {
	var after ledger.Run
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = copied(b)
		if _, err := intake.WritePageOn(ctx, tx, basis, page); err != nil {
			return err
		}
		items, err := carryOut(ctx, tx, b.Scheme, applied)
		if err != nil {
			return err
		}
		for _, item := range applied.Items {
			after.Backfill.Counts[item.State]--
		}
		for _, item := range items {
			after.Backfill.Counts[item.State]++
		}
		if err := updateItems(ctx, tx, b.ID, items); err != nil {
			return fmt.Errorf("items: %w", err)
		}
		after.Cursor = applied.Cursor
		if err := saveBackfill(ctx, tx, &after, nil); err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return fmt.Errorf("commit applied: %w", err)
	}
	*b = after
	return nil
}

// carryOut says what became of the items of a plan: refused, or the cancellations that they are now.
func carryOut(ctx context.Context, tx pgx.Tx, scheme string, applied ledger.Applied) ([]ledger.BackfillItem, error) {
	var agreed, refused []ledger.BackfillItem
	for _, item := range applied.Items {
		if why, no := applied.Refused[item.BillID]; no {
			item.State, item.Detail = ledger.ItemRefused, why
			refused = append(refused, item)
		} else {
			agreed = append(agreed, item)
		}
	}
	owed, err := standing(ctx, tx, scheme, agreed)
	return append(owed, refused...), err
}

func updateItems(ctx context.Context, tx pgx.Tx, run int64, items []ledger.BackfillItem) error {
	n := len(items)
	if n == 0 {
		return nil
	}
	numbers, cancellations, states, details := make([]int64, n), make([]*int64, n), make([]string, n), make([]string, n)
	for i, item := range items {
		numbers[i], cancellations[i] = item.Item, ledger.NullID(item.CancellationID)
		states[i], details[i] = string(item.State), ledger.CleanText(item.Detail)
	}
	_, err := tx.Exec(ctx, `
update backfill_item i set state = w.state, cancellation_id = w.cancellation_id, detail = w.detail
from unnest(@items::bigint[], @states::text[], @cancellations::bigint[], @details::text[])
    as w (item, state, cancellation_id, detail)
where i.run_id = @run and i.item = w.item`,
		pgx.StrictNamedArgs{
			"run": run, "items": numbers, "states": states, "cancellations": cancellations, "details": details,
		})
	return err
}

// CheckPlan moves the cursor of a plan that is compared with another revision; done, the applying begins, under that
// revision.
func (s *PlanRows) CheckPlan(ctx context.Context, b *ledger.Run, revision int, cursor int64, done bool) error {
	return s.changeBackfill(ctx, "check plan", b, func(after *ledger.Run) {
		after.Cursor = cursor
		if done {
			after.Cursor, after.Backfill.CheckedRevision = 0, revision
		}
	})
}
