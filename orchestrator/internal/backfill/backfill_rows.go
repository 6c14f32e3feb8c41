package backfill

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// TryLockBackfill keeps two jobs of one backfill apart, like TryLockRun.
func (s *PlanRows) TryLockBackfill(ctx context.Context, id int64) (unlock func(), ok bool, err error) {
	return ledger.LockOf(ctx, s.pool, fmt.Sprintf("backfill %d", id))
}

// DueBackfills are those under way that need not wait: what a lost job left is found here.
func (s *PlanRows) DueBackfills(ctx context.Context) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select r.run_id from run r join run_backfill b using (run_id)
where r.kind = 'backfill' and r.state in ('running', 'applying') and b.not_before <= now()
order by r.run_id`)
	if err != nil {
		return nil, fmt.Errorf("read due backfills: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read due backfills: %w", err)
	}
	return ids, nil
}

// LiveTraffic says what a backfill of this scheme gives way to. What may not be sent waits for a person, and nothing
// waits for it.
func (s *PlanRows) LiveTraffic(ctx context.Context, scheme string, limit int) (ledger.LiveTraffic, error) {
	var t ledger.LiveTraffic
	if err := s.pool.QueryRow(ctx, `
with due as (
    select f.run_id, c.due_time
    from unsettled_cancellation c join scheme s using (scheme) join cancellation f using (cancellation_id)
    where c.state = 'open' and not c.awaits_text and c.due_time <= now() and c.lease_until is null
      and `+ledger.MaySend+`
    order by c.due_time
    limit @limit
)
select exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 1
               and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('voidrelay ' || @lock, 0)),
       exists (select from due where run_id is not null and due_time < now() - interval '1 second'),
       (select count(*) from due) >= @limit`,
		pgx.StrictNamedArgs{"lock": ledger.RunLock(scheme), "limit": limit},
	).Scan(&t.Run, &t.Waiting, &t.Backlog); err != nil {
		return t, fmt.Errorf("read live traffic: %w", err)
	}
	return t, nil
}

// CommitBackfill stores a page of a backfill like CommitDecided, with its items, and moves its cursor by
// compare-and-set; also runs in the same transaction (to insert a successor job). The answer is ledger.ErrConflict,
// and nothing is written, when the ledger has moved on since the page was decided, and ledger.ErrRunMoved when the
// backfill has.
func (s *PlanRows) CommitBackfill(ctx context.Context, b *ledger.Run, basis ledger.Basis, page ledger.Page,
	step ledger.BackfillStep, also func(pgx.Tx) error,
) error {
	return s.stepBackfill(ctx, b, step, func(tx pgx.Tx) (rule.RunCounts, []ledger.BackfillItem, error) {
		committed, err := intake.WritePageOn(ctx, tx, basis, page)
		if err != nil {
			return rule.RunCounts{}, nil, err
		}
		items, err := standing(ctx, tx, b.Scheme, step.Items)
		return committed.RunCounts, items, err
	}, also)
}

// CommitPlan stores what a page would come to as items, and nothing else.
func (s *PlanRows) CommitPlan(
	ctx context.Context, b *ledger.Run, page ledger.Page, step ledger.BackfillStep, also func(pgx.Tx) error,
) error {
	return s.stepBackfill(ctx, b, step, func(tx pgx.Tx) (rule.RunCounts, []ledger.BackfillItem, error) {
		items, err := foreseen(ctx, tx, b, step.Items)
		if err != nil {
			return rule.RunCounts{}, nil, err
		}
		for _, item := range items {
			switch {
			case !item.HasOrder():
			case item.State == ledger.ItemNew:
				page.RunCounts.OrdersNew++
			case item.State == ledger.ItemHeld && item.CancellationID == 0:
				page.RunCounts.OrdersHeld++
			default:
				page.RunCounts.OrdersAlreadyOwed++
			}
		}
		return page.RunCounts, items, page.RunCounts.Check()
	}, also)
}

// stepBackfill does one step of a backfill in a transaction and, when that is through, brings b up to date.
func (s *PlanRows) stepBackfill(ctx context.Context, b *ledger.Run, step ledger.BackfillStep,
	write func(pgx.Tx) (rule.RunCounts, []ledger.BackfillItem, error), also func(pgx.Tx) error,
) error {
	var after ledger.Run
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = copied(b)
		runCounts, items, err := write(tx)
		if err != nil {
			return err
		}
		for i := range items {
			after.Backfill.Items++
			items[i].Item = after.Backfill.Items
			after.Backfill.Counts[items[i].State]++
		}
		if err := insertItems(ctx, tx, b.ID, items); err != nil {
			return fmt.Errorf("items: %w", err)
		}
		after.RunCounts.Add(runCounts)
		after.Cursor = step.Cursor
		after.Backfill.RowsOutside += step.Outside
		if err := saveBackfill(ctx, tx, &after, step.NotFound); err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return fmt.Errorf("commit backfill: %w", err)
	}
	*b = after
	return nil
}

// copied is the backfill as a step begins: nothing has gone wrong in it yet.
func copied(b *ledger.Run) ledger.Run {
	after := *b
	after.Error, after.Backfill.Failures = "", 0
	after.Backfill.Counts = map[ledger.ItemState]int64{}
	maps.Copy(after.Backfill.Counts, b.Backfill.Counts)
	return after
}

// saveBackfill moves a backfill on from where it was read: one that was cancelled, or moved on by somebody else, is
// left alone. Numbers that were not found are added.
func saveBackfill(ctx context.Context, tx pgx.Tx, b *ledger.Run, notFound []string) error {
	if err := ledger.SaveRun(ctx, tx, b); err != nil {
		return err
	}
	added := make([]string, len(notFound))
	for i, number := range notFound {
		added[i] = ledger.CleanText(number)
	}
	d := b.Backfill
	_, err := tx.Exec(ctx, `
update run_backfill
set checked_revision = nullif(@checked, 0), items = @items, counts = @counts, rows_outside = @outside,
    failures = @failures, numbers_not_found = numbers_not_found || @not_found::text[]
where run_id = @run`, pgx.StrictNamedArgs{
		"run": b.ID, "checked": d.CheckedRevision, "items": d.Items, "counts": d.Counts, "outside": d.RowsOutside,
		"failures": d.Failures, "not_found": added,
	})
	return err
}

// changeBackfill saves a change of a backfill that is still as b says, and then b.
func (s *PlanRows) changeBackfill(ctx context.Context, what string, b *ledger.Run, change func(*ledger.Run)) error {
	var after ledger.Run
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = copied(b)
		change(&after)
		return saveBackfill(ctx, tx, &after, nil)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	*b = after
	return nil
}

// EndBackfill ends a stage whose cursor has come to its end: a plan is then planned, anything else complete.
func (s *PlanRows) EndBackfill(ctx context.Context, b *ledger.Run) error {
	return s.changeBackfill(ctx, "end backfill", b, func(after *ledger.Run) {
		after.State = ledger.RunComplete
		if b.State == ledger.RunRunning && b.Backfill.PlanOnly {
			after.State, after.Cursor = ledger.RunPlanned, 0
		}
	})
}

// NoteBackfill says why a backfill waits, and until when; wait 0 notes only why. It is resumed from its cursor.
func (s *PlanRows) NoteBackfill(ctx context.Context, b *ledger.Run, reason string, wait time.Duration) error {
	if _, err := s.pool.Exec(ctx, `
with noted as (update run set error = @reason where run_id = @run and end_time is null returning run_id)
update run_backfill b
set failures = b.failures + case when @wait::interval > '0' then 1 else 0 end, not_before = now() + @wait::interval
from noted
where b.run_id = noted.run_id`,
		pgx.StrictNamedArgs{"run": b.ID, "reason": ledger.CleanText(reason), "wait": wait}); err != nil {
		return fmt.Errorf("note backfill: %w", err)
	}
	return nil
}

// BeginPlanAnew forgets a plan that is half made when the scheme's revision changes: one plan is made under one
// revision.
func (s *PlanRows) BeginPlanAnew(ctx context.Context, b *ledger.Run, revision int) error {
	var after ledger.Run
	err := ledger.InPageTx(ctx, s.pool, func(tx pgx.Tx) error {
		after = copied(b)
		after.Cursor, after.RunCounts, after.Revision = 0, rule.RunCounts{}, revision
		after.Backfill.Items, after.Backfill.RowsOutside, after.Backfill.Counts = 0, 0, map[ledger.ItemState]int64{}
		if err := saveBackfill(ctx, tx, &after, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update run_backfill set numbers_not_found = '{}' where run_id = $1`,
			b.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from backfill_item where run_id = $1`, b.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin plan anew: %w", err)
	}
	*b = after
	return nil
}
