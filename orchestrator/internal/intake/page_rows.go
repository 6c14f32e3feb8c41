package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// WritePage writes one page of a run: bills and snapshots, cancellations as planned, what is withdrawn, work items. It
// adds the split of the cancellations to the page's run counts.
func WritePage(ctx context.Context, tx pgx.Tx, run *ledger.Run, page *ledger.Page) error {
	if err := moveFormer(ctx, tx, run.Scheme, page.Former); err != nil {
		return fmt.Errorf("former bills: %w", err)
	}
	if err := guardBills(ctx, tx, run.Scheme, page.Bills); err != nil {
		return err
	}
	if err := upsertBills(ctx, tx, run.Scheme, page.Bills); err != nil {
		return fmt.Errorf("bills: %w", err)
	}
	if err := upsertSnapshots(ctx, tx, run.Scheme, page.Bills); err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	if err := upsertContents(ctx, tx, run.Scheme, page); err != nil {
		return fmt.Errorf("contents: %w", err)
	}
	if err := upsertDoubts(ctx, tx, run.Scheme, page.Bills); err != nil {
		return fmt.Errorf("doubts: %w", err)
	}
	for _, absent := range page.Absent {
		if _, err := noteAbsent(ctx, tx, run.Scheme, []int64{absent.BillID}, absent.Since); err != nil {
			return fmt.Errorf("absent bills: %w", err)
		}
	}
	if err := ledger.WriteClaims(ctx, tx, run.Scheme, run.Revision, page.Bills); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	takenBack, err := takeBack(ctx, tx, run.Scheme, page.Bills)
	if err != nil {
		return fmt.Errorf("take back: %w", err)
	}
	if err := withdraw(ctx, tx, run.Scheme, page.Withdraw); err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	if err := ledger.OpenRestored(ctx, tx, run.Scheme, page.Restored, page.TakesAgain); err != nil {
		return fmt.Errorf("restored: %w", err)
	}
	if err := ledger.PlanCancellations(ctx, tx, run, page); err != nil {
		return fmt.Errorf("cancellations: %w", err)
	}
	if err := ledger.FollowSenders(ctx, tx, takenBack); err != nil {
		return fmt.Errorf("shared orders: %w", err)
	}
	if err := ledger.PlanQuestions(ctx, tx, run, page.Questions); err != nil {
		return fmt.Errorf("questions: %w", err)
	}
	if err := openVanished(ctx, tx, run.Scheme, page.Vanished); err != nil {
		return fmt.Errorf("vanished orders: %w", err)
	}
	common, single := ofWarehouses(page.Work)
	if err := ledger.OpenWorkItems(ctx, tx, run.Scheme, single); err != nil {
		return fmt.Errorf("work items: %w", err)
	}
	decided := append(slices.Clone(page.Readable), provedGone(page.Bills)...)
	if err := waitForWarehouses(ctx, tx, run.Scheme, decided, common); err != nil {
		return fmt.Errorf("warehouses that are not mapped: %w", err)
	}
	if err := tellBefore(ctx, tx, run.Scheme, page.Before); err != nil {
		return fmt.Errorf("bills that ended before a cutover: %w", err)
	}
	if page.Suspect != "" {
		if err := suspect(ctx, tx, run.Scheme, rule.SuspectUndecodable, page.Suspect); err != nil {
			return fmt.Errorf("suspect: %w", err)
		}
	}
	return CloseUndecodable(ctx, tx, run.Scheme, page.Readable)
}

// guardBills locks the page's bills and refuses the page when the ledger has moved on since its decisions were made:
// they were made from older knowledge.
func guardBills(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) error {
	ids := make([]int64, len(bills))
	before := make(map[int64]time.Time, len(bills))
	for i, b := range bills {
		ids[i] = b.After.State.ID
		before[ids[i]] = b.Before
	}
	rows, err := tx.Query(ctx, `
select bill_id, read_time from bill where scheme = $1 and bill_id = any($2) order by bill_id for update`, scheme, ids)
	if err != nil {
		return err
	}
	var id int64
	var readTime time.Time
	moved := 0
	if _, err := pgx.ForEachRow(rows, []any{&id, &readTime}, func() error {
		if !readTime.Equal(before[id]) {
			moved++
		}
		return nil
	}); err != nil {
		return err
	}
	if moved > 0 {
		return fmt.Errorf("%d bills were read anew meanwhile: %w", moved, ledger.ErrConflict)
	}
	return nil
}

// takeBack takes back what an earlier run planned for these bills, and answers it.
func takeBack(ctx context.Context, tx pgx.Tx, scheme string, bills []ledger.BillWrite) ([]int64, error) {
	ids := make([]int64, len(bills))
	for i, b := range bills {
		ids[i] = b.After.State.ID
	}
	return ledger.TakeBack(ctx, tx, scheme, ids)
}

// withdraw withdraws the cancellations of bills for which no trigger holds any longer, and closes their work items.
func withdraw(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) error {
	if len(bills) == 0 {
		return nil
	}
	withdrawn, err := ledger.WithdrawBills(ctx, tx, scheme, bills)
	if err != nil || len(withdrawn) == 0 {
		return err
	}
	const reason = "no trigger holds any longer"
	if err := ledger.CloseCancellationWork(ctx, tx, withdrawn, reason); err != nil {
		return err
	}
	return CloseHolds(ctx, tx, scheme, reason)
}

// openVanished opens order_vanished for orders of a snapshot that no cancellation of the same generation covers.
func openVanished(ctx context.Context, tx pgx.Tx, scheme string, orders []ledger.Vanished) error {
	var work []ledger.Work
	for _, v := range orders {
		var covered bool
		if err := tx.QueryRow(ctx, `
select exists (select from cancellation_now c where c.scheme = @scheme and c.bill_id = @bill
         and c.generation = @generation
               and c.bill_kind = @bill_kind and c.direction = @direction and c.warehouse_number = @warehouse
               and c.state not in ('withdrawn', 'dry_run'))`,
			pgx.StrictNamedArgs{
				"scheme": scheme, "bill": v.BillID, "generation": v.Generation,
				"bill_kind": v.Order.BillKind, "direction": v.Order.Direction,
				"warehouse": ledger.CleanText(v.Order.Warehouse),
			}).Scan(&covered); err != nil {
			return err
		}
		if !covered {
			work = append(work, ledger.Work{
				Kind: rule.WorkOrderVanished, BillID: v.BillID, BillNo: v.BillNo, Subject: v.Order.Warehouse,
				Detail: v.Order.Kind().String() + " " + v.Order.Warehouse,
			})
		}
	}
	return ledger.OpenWorkItems(ctx, tx, scheme, work)
}

// CloseUndecodable closes the work items that say that these bills cannot be decoded: they were, just now.
func CloseUndecodable(ctx context.Context, tx pgx.Tx, scheme string, bills []int64) error {
	if len(bills) == 0 {
		return nil
	}
	return ledger.CloseWorkItems(ctx, tx,
		"read again", `w.scheme = @scheme and w.bill_id = any(@bills) and w.kind = @kind`,
		pgx.StrictNamedArgs{"scheme": scheme, "bills": bills, "kind": string(rule.WorkUndecodable)})
}

// provedGone are those of these bills that were proved gone.
func provedGone(bills []ledger.BillWrite) []int64 {
	var ids []int64
	for _, b := range bills {
		if !b.After.GoneTime.IsZero() {
			ids = append(ids, b.After.State.ID)
		}
	}
	return ids
}

// ofWarehouses parts the work about warehouses that the scheme's table lacks from that about single bills.
func ofWarehouses(work []ledger.Work) (warehouses, single []ledger.Work) {
	for _, w := range work {
		if w.Kind == rule.WorkNoWarehouse {
			warehouses = append(warehouses, w)
		} else {
			single = append(single, w)
		}
	}
	return warehouses, single
}

// waitRow is a bill that waits for a warehouse.
type waitRow struct {
	BillID    int64  `col:"bill_id bigint"`
	BillNo    string `col:"bill_no text"`
	Warehouse string `col:"warehouse text"`
}

var waitColumns = ledger.ColumnsOf[waitRow]("n")

// waitForWarehouses keeps one work item for each warehouse that the scheme's table lacks, with the bills that wait for
// it: those of work. Bills that were decided just now and wait for a warehouse no longer leave its list; an item whose
// list is empty is closed.
func waitForWarehouses(ctx context.Context, tx pgx.Tx, scheme string, decided []int64, work []ledger.Work) error {
	waiting := make([]waitRow, len(work))
	for i, w := range work {
		waiting[i] = waitRow{w.BillID, w.BillNo, ledger.CleanText(w.Subject)}
	}
	concerned := len(waiting) > 0
	if !concerned && len(decided) > 0 {
		if err := tx.QueryRow(ctx, `
select exists (select from work_item_bill l where l.scheme = $1 and l.bill_id = any($2))`,
			scheme, decided).Scan(&concerned); err != nil {
			return err
		}
	}
	if !concerned {
		return nil
	}
	if err := lockWarehouses(ctx, tx, scheme, waiting); err != nil {
		return err
	}
	args := pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkNoWarehouse)}
	if _, err := tx.Exec(ctx, `
insert into work_item_bill (work_item_id, scheme, bill_id, bill_no)
select w.work_item_id, w.scheme, n.bill_id, n.bill_no
from `+waitColumns.From+`
join work_item w on w.scheme = @scheme and w.kind = @kind and w.bill_id = 0 and w.cancellation_id = 0
    and w.subject = n.warehouse and w.close_time is null
on conflict do nothing`, waitColumns.Args(waiting, args)); err != nil {
		return err
	}
	args["decided"] = decided
	if _, err := tx.Exec(ctx, `
delete from work_item_bill l using work_item w
where l.scheme = @scheme and l.bill_id = any(@decided) and w.work_item_id = l.work_item_id and w.kind = @kind
  and w.close_time is null
  and not exists (select from `+waitColumns.From+` where n.bill_id = l.bill_id and n.warehouse = w.subject)`,
		waitColumns.Args(waiting, args)); err != nil {
		return err
	}
	delete(args, "decided")
	return ledger.CloseWorkItems(ctx, tx, "no bill waits for it", `w.scheme = @scheme and w.kind = @kind
      and not exists (select from work_item_bill l where l.work_item_id = w.work_item_id)`, args)
}

// lockWarehouses opens the work items of these warehouses where there is none and locks all of the scheme that are
// open, so that nobody closes one while a bill joins its list.
func lockWarehouses(ctx context.Context, tx pgx.Tx, scheme string, waiting []waitRow) error {
	wanted := map[string]bool{}
	for _, w := range waiting {
		wanted[w.Warehouse] = true
	}
	for {
		var missing []ledger.Work
		for _, warehouse := range slices.Sorted(maps.Keys(wanted)) {
			missing = append(missing, ledger.Work{Kind: rule.WorkNoWarehouse, Subject: warehouse})
		}
		if err := ledger.OpenWorkItems(ctx, tx, scheme, missing); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
select w.subject from work_item w
where w.scheme = $1 and w.kind = $2 and w.close_time is null
order by w.work_item_id
for update`, scheme, string(rule.WorkNoWarehouse))
		if err != nil {
			return err
		}
		locked, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, warehouse := range locked {
			delete(wanted, warehouse)
		}
		if len(wanted) == 0 {
			return nil
		}
	}
}
