package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// TryLockBackfill keeps two jobs of one backfill apart, like TryLockRun.
func (s *Store) TryLockBackfill(ctx context.Context, id int64) (unlock func(), ok bool, err error) {
	return ledger.LockOf(ctx, s.pool, fmt.Sprintf("backfill %d", id))
}

// Backfill answers a backfill as it is committed; ErrNotFound when there is none.
func (s *Store) Backfill(ctx context.Context, id int64) (*ledger.Backfill, error) {
	rows, err := s.pool.Query(ctx, `
select backfill_id, scheme, state, plan_only, before_cutover, from_time, to_time, numbers, revision, coalesce(checked_revision, 0) as checked_revision,
       cursor_id, run_counts, rows_outside, items, counts, failures, not_before > now() as waits
from backfill where backfill_id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("read backfill: %w", err)
	}
	type row struct {
		BackfillID       int64
		Scheme, State    string
		PlanOnly         bool
		BeforeCutover    bool
		FromTime, ToTime time.Time
		Numbers          []string
		Revision         int
		CheckedRevision  int
		CursorID         int64
		RunCounts        rule.RunCounts
		RowsOutside      int64
		Items            int64
		Counts           map[ledger.ItemState]int64
		Failures         int
		Waits            bool
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("backfill %d: %w", id, ledger.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read backfill: %w", err)
	}
	return &ledger.Backfill{
		ID: r.BackfillID, Scheme: r.Scheme, State: ledger.BackfillState(r.State), Revision: r.Revision, CheckedRevision: r.CheckedRevision,
		BackfillOrder: ledger.BackfillOrder{
			From: r.FromTime, To: r.ToTime, Numbers: r.Numbers, PlanOnly: r.PlanOnly, BeforeCutover: r.BeforeCutover,
		},
		Cursor: r.CursorID, RunCounts: r.RunCounts, RowsOutside: r.RowsOutside, Items: r.Items, Counts: r.Counts, Failures: r.Failures, Waits: r.Waits,
	}, nil
}

// DueBackfills are those under way that need not wait: what a lost job left is found here.
func (s *Store) DueBackfills(ctx context.Context) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select backfill_id from backfill where state in ('running', 'applying') and not_before <= now() order by backfill_id`)
	if err != nil {
		return nil, fmt.Errorf("read due backfills: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read due backfills: %w", err)
	}
	return ids, nil
}

// LiveTraffic says what a backfill of this scheme gives way to. What may not be sent waits for a person, and nothing waits for it.
func (s *Store) LiveTraffic(ctx context.Context, scheme string, limit int) (ledger.LiveTraffic, error) {
	var t ledger.LiveTraffic
	if err := s.pool.QueryRow(ctx, `
with due as (
    select f.run_id, c.due_time
    from unsettled_cancellation c join scheme s using (scheme) join cancellation f using (cancellation_id)
    where c.state = 'open' and c.due_time <= now() and c.lease_until is null and `+maySend+`
    order by c.due_time
    limit @limit
)
select exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 1
               and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('voidrelay ' || @lock, 0)),
       exists (select from due where run_id is not null and due_time < now() - interval '1 second'),
       (select count(*) from due) >= @limit`,
		pgx.StrictNamedArgs{"lock": runLock(scheme), "limit": limit}).Scan(&t.Run, &t.Waiting, &t.Backlog); err != nil {
		return t, fmt.Errorf("read live traffic: %w", err)
	}
	return t, nil
}

// CommitBackfill stores a page of a backfill like CommitLook, with its items, and moves its cursor by compare-and-set; also runs in
// the same transaction (to insert a successor job). The answer is ledger.ErrConflict, and nothing is written, when the ledger has
// moved on since the page was decided, or the backfill has.
func (s *Store) CommitBackfill(ctx context.Context, b *ledger.Backfill, basis ledger.Basis, page ledger.Page, step ledger.BackfillStep, also func(pgx.Tx) error) error {
	return s.stepBackfill(ctx, b, step, func(tx pgx.Tx) (rule.RunCounts, []ledger.BackfillItem, error) {
		committed, err := writePageOn(ctx, tx, basis, page)
		if err != nil {
			return rule.RunCounts{}, nil, err
		}
		items, err := standing(ctx, tx, b.Scheme, step.Items)
		return committed.RunCounts, items, err
	}, also)
}

// CommitPlan stores what a page would come to as items, and nothing else.
func (s *Store) CommitPlan(ctx context.Context, b *ledger.Backfill, page ledger.Page, step ledger.BackfillStep, also func(pgx.Tx) error) error {
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
func (s *Store) stepBackfill(ctx context.Context, b *ledger.Backfill, step ledger.BackfillStep,
	write func(pgx.Tx) (rule.RunCounts, []ledger.BackfillItem, error), also func(pgx.Tx) error,
) error {
	var after ledger.Backfill
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		after = copied(b)
		runCounts, items, err := write(tx)
		if err != nil {
			return err
		}
		for i := range items {
			after.Items++
			items[i].Item = after.Items
			after.Counts[items[i].State]++
		}
		if err := insertItems(ctx, tx, b.ID, items); err != nil {
			return fmt.Errorf("items: %w", err)
		}
		after.RunCounts.Add(runCounts)
		after.Cursor, after.RowsOutside = step.Cursor, after.RowsOutside+step.Outside
		if err := moveBackfill(ctx, tx, b, &after, step.NotFound); err != nil {
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

func copied(b *ledger.Backfill) ledger.Backfill {
	after := *b
	after.Counts = map[ledger.ItemState]int64{}
	for state, n := range b.Counts {
		after.Counts[state] = n
	}
	after.Failures = 0
	return after
}

// moveBackfill moves a backfill on from where it was read: one that was cancelled, or moved on by somebody else, is left alone.
func moveBackfill(ctx context.Context, tx pgx.Tx, before, after *ledger.Backfill, notFound []string) error {
	runCounts, err := json.Marshal(after.RunCounts)
	if err != nil {
		return err
	}
	counts, err := json.Marshal(after.Counts)
	if err != nil {
		return err
	}
	for i, number := range notFound {
		notFound[i] = ledger.CleanText(number)
	}
	if notFound == nil {
		notFound = []string{}
	}
	tag, err := tx.Exec(ctx, `
update backfill
set cursor_id = @to, run_counts = @run_counts, items = @items, counts = @counts, rows_outside = @outside, failures = 0, error = '',
    numbers_not_found = numbers_not_found || @not_found::text[], update_time = now()
where backfill_id = @id and state = @state and cursor_id = @from and items = @items_before`,
		pgx.StrictNamedArgs{
			"id": before.ID, "state": string(before.State), "from": before.Cursor, "to": after.Cursor, "run_counts": string(runCounts), "items": after.Items,
			"items_before": before.Items, "counts": string(counts), "outside": after.RowsOutside, "not_found": notFound,
		})
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return errMoved(before.ID)
	}
	return nil
}

func errMoved(id int64) error {
	return fmt.Errorf("backfill %d was cancelled or moved on by somebody else: %w", id, ledger.ErrBackfillMoved)
}

// EndBackfill ends a stage whose cursor has come to its end: a plan is then planned, anything else complete.
func (s *Store) EndBackfill(ctx context.Context, b *ledger.Backfill) error {
	state := ledger.BackfillComplete
	if b.State == ledger.BackfillRunning && b.PlanOnly {
		state = ledger.BackfillPlanned
	}
	return s.setBackfill(ctx, "end backfill", b, `state = @to, end_time = case when @to = 'planned' then null else now() end, error = '', failures = 0, cursor_id = case when @to = 'planned' then 0 else cursor_id end`,
		pgx.StrictNamedArgs{"to": string(state)}, func() {
			b.State = state
			if state == ledger.BackfillPlanned {
				b.Cursor = 0
			}
		})
}

// FailBackfill ends a backfill that cannot be right. What it has owed stays owed.
func (s *Store) FailBackfill(ctx context.Context, b *ledger.Backfill, reason string) error {
	return s.setBackfill(ctx, "fail backfill", b, `state = 'failed', end_time = now(), error = @reason`,
		pgx.StrictNamedArgs{"reason": ledger.CleanText(reason)}, func() { b.State = ledger.BackfillFailed })
}

// NoteBackfill says why a backfill waits, and until when; wait 0 notes only why. It is resumed from its cursor.
func (s *Store) NoteBackfill(ctx context.Context, b *ledger.Backfill, reason string, wait time.Duration) error {
	return s.setBackfill(ctx, "note backfill", b,
		`error = @reason, failures = failures + case when @wait::interval > '0' then 1 else 0 end, not_before = now() + @wait::interval`,
		pgx.StrictNamedArgs{"reason": ledger.CleanText(reason), "wait": wait}, func() {})
}

// BeginPlanAnew forgets a plan that is half made when the scheme's revision changes: one plan is made under one revision.
func (s *Store) BeginPlanAnew(ctx context.Context, b *ledger.Backfill, revision int) error {
	after := copied(b)
	after.Cursor, after.Items, after.RunCounts, after.RowsOutside, after.Revision = 0, 0, rule.RunCounts{}, 0, revision
	after.Counts = map[ledger.ItemState]int64{}
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if err := moveBackfill(ctx, tx, b, &after, nil); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update backfill set revision = $2, numbers_not_found = '{}' where backfill_id = $1`, b.ID, revision); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from backfill_item where backfill_id = $1`, b.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin plan anew: %w", err)
	}
	*b = after
	return nil
}

// setBackfill changes a backfill that is still as b says, and then b.
func (s *Store) setBackfill(ctx context.Context, what string, b *ledger.Backfill, set string, args pgx.StrictNamedArgs, then func()) error {
	args["id"], args["state"], args["cursor"] = b.ID, string(b.State), b.Cursor
	tag, err := s.pool.Exec(ctx, `update backfill set `+set+`, update_time = now()
where backfill_id = @id and state = @state and cursor_id = @cursor`, args)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("%s: %w", what, errMoved(b.ID))
	}
	then()
	return nil
}
