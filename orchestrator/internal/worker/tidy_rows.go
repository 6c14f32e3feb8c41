package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// tidyRows is how many rows one transaction of housekeeping removes.
const tidyRows = 1000

// chore is one part of housekeeping. Its run does one chunk in tx and says what that removed; more when there
// is more to do.
type chore struct {
	name string
	// every is how long it rests once it has come to its end.
	every time.Duration
	run   func(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed removed, more bool, err error)
}

// removed is what one chunk took away.
type removed struct {
	subject     string
	rows, bytes int64
}

// Housekeeping runs by the hour, a little early or late: what is done once an hour or a day rests a little less.
const (
	hourly = 50 * time.Minute
	daily  = 23 * time.Hour
)

// chores are in the order of what they give back. What rules 1 to 3 (docs/rules.md) need is in none of them:
// cancellations with their attempts, runs, work items, what people did, and every bill that was ever live, with its
// last snapshot, are kept for ever.
var chores = []chore{
	{"evidence_months", hourly, dropMonth},
	{"evidence_rest", hourly, deleteRest},
	{"bills_without_cancellation", daily, forgetBills},
	{"snapshots_of_past_lives", daily, forgetSnapshots},
	{"quiet_reconciles", daily, forgetReconciles},
	{"first_replies", daily, forgetReplies},
	{"events", hourly, forgetEvents},
	{"counts", hourly, countBlock},
	{"queue_indexes", daily, rebuildQueueIndexes},
}

// Chores are the names of what Tidy can do.
func (s *HousekeepingRows) Chores() []string {
	names := make([]string, len(chores))
	for i, c := range chores {
		names[i] = c.name
	}
	return names
}

// Tidy does one chunk of a chore, in a transaction of its own together with the record of it, and says whether there is
// more to do. One that somebody else is at, or whose time has not come, has no more to do.
func (s *HousekeepingRows) Tidy(ctx context.Context, name string, keep ledger.Retention) (more bool, err error) {
	for _, c := range chores {
		if c.name == name {
			if more, err = s.tidy(ctx, c, keep); err != nil {
				return false, fmt.Errorf("housekeeping: %s: %w", name, err)
			}
			return more, nil
		}
	}
	return false, fmt.Errorf("housekeeping: %s: %w", name, ledger.ErrNotFound)
}

func (s *HousekeepingRows) tidy(ctx context.Context, c chore, keep ledger.Retention) (more bool, err error) {
	err = ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		more = false
		var mine, rests bool
		if err := tx.QueryRow(ctx, `
select pg_try_advisory_xact_lock(hashtextextended('voidrelay chore ' || $1, 0)),
       exists (select from chore where chore = $1 and last_error = '' and last_run_time > now() - $2::interval)`,
			c.name, c.every).Scan(&mine, &rests); err != nil {
			return err
		}
		if !mine || rests {
			return nil
		}
		// Nobody waits long for housekeeping: what cannot be had at once is tried again with the next run.
		if _, err := tx.Exec(ctx, `set local lock_timeout = '2s'`); err != nil {
			return err
		}
		took, left, err := c.run(ctx, tx, keep)
		if err != nil {
			return err
		}
		if took.rows > 0 || took.bytes > 0 {
			if _, err := tx.Exec(ctx,
				`insert into housekeeping (chore, subject, row_count, byte_count) values ($1, $2, $3, $4)`,
				c.name, took.subject, took.rows, took.bytes); err != nil {
				return err
			}
		}
		if more = left; more {
			return nil
		}
		return noteChore(ctx, tx, c.name, "")
	})
	if err == nil {
		return more, nil
	}
	reason := err.Error()
	if ledger.LockTimedOut(err) {
		reason = "the table was in use; tried again with the next run"
	}
	if noted := ledger.InTx(ctx, s.pool,
		func(tx pgx.Tx) error { return noteChore(ctx, tx, c.name, reason) }); noted != nil {
		return false, noted
	}
	return false, err
}

func noteChore(ctx context.Context, tx pgx.Tx, name, fault string) error {
	_, err := tx.Exec(ctx, `
insert into chore (chore, last_error) values ($1, $2)
on conflict (chore) do update set last_run_time = now(), last_error = $2`, name, ledger.CleanText(fault))
	return err
}

// forgetBills removes bills that were never live, owe nothing, and have not changed for long. If one of them moves
// again it is read as new, and decided as it was before.
func forgetBills(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from bill b
using (
    select o.scheme, o.bill_id from bill o
    where o.read_time < now() - $1::interval and o.class in ('never_audited', 'never_seen_live', 'before_cutover',
        'not_selected', 'outside')
      and not o.ever_live
      and not exists (select from cancellation c where c.scheme = o.scheme and c.bill_id = o.bill_id)
      and not exists (select from bill_snapshot i where i.scheme = o.scheme and i.bill_id = o.bill_id)
      and not exists (select from work_item w where w.scheme = o.scheme and w.bill_id = o.bill_id)
      and not exists (select from work_item_bill w where w.scheme = o.scheme and w.bill_id = o.bill_id)
    limit $2
    for update skip locked
) old
where b.scheme = old.scheme and b.bill_id = old.bill_id`, keep.Bills, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}

// forgetSnapshots removes snapshots of a bill's past lives where nothing of that life is unsettled. The last snapshot
// of a bill is never removed: the warehouse order was made from it.
func forgetSnapshots(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from bill_snapshot i
using (
    select o.scheme, o.bill_id, o.generation from bill_snapshot o
    where o.read_time < now() - $1::interval
      and exists (select from bill_snapshot n where n.scheme = o.scheme and n.bill_id = o.bill_id
          and n.generation > o.generation)
      and not exists (select from cancellation_now c where c.scheme = o.scheme and c.bill_id = o.bill_id
          and c.generation = o.generation
          and c.state in ('planned', 'open', 'held', 'needs_attention', 'withdrawn', 'dry_run'))
    limit $2
    for update skip locked
) old
where i.scheme = old.scheme and i.bill_id = old.bill_id and i.generation = old.generation`, keep.Bills, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}

// forgetReconciles removes the records of rechecks and reconcile runs that found nothing, as long after as evidence is
// kept: one every ten minutes. Those that found something are kept for ever, and so are the latest of each kind, by
// which the next is due.
func forgetReconciles(ctx context.Context, tx pgx.Tx, keep ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from run r
using (
    select o.run_id from run o join run_comparison c using (run_id)
    where o.kind in ('recheck', 'reconcile') and o.state = 'complete' and o.end_time < now() - $1::interval
      and c.hours_differing = 0 and c.bills_repaired = 0 and c.bills_missing = 0 and c.bills_gone = 0
      and c.work_items = 0
      and exists (select from run n
                  where n.scheme = o.scheme and n.kind = o.kind and n.state = 'complete' and n.run_id > o.run_id)
    order by o.run_id
    limit $2
    for update of o skip locked
) old
where r.run_id = old.run_id`, keep.Evidence, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}

// EnsurePartitions makes the evidence partitions of this month and the next.
func (s *HousekeepingRows) EnsurePartitions(ctx context.Context) error {
	return ledger.EnsurePartitions(ctx, s.pool)
}

// forgetEvents removes the oldest events, up to the first that is still kept. Who numbers events and who forgets them
// lock the same row: what is no longer kept is known to everybody who reads.
func forgetEvents(ctx context.Context, tx pgx.Tx, _ ledger.Retention) (removed, bool, error) {
	var rows int64
	err := tx.QueryRow(ctx, `
with old as (
    select least((select min(event_number) from event) + $2 - 1, coalesce(
        (select e.event_number from event e where e.create_time >= now() - $1::interval order by e.event_number limit 1)
            - 1, newest_number)) as until
    from ledger_identity
), gone as (
    delete from event e using old where e.event_number <= old.until
    returning e.event_number
), told as (
    update ledger_identity set dropped_number = (select max(event_number) from gone) where exists (select from gone)
)
select count(*) from gone`, ledger.EventsKept, tidyRows).Scan(&rows)
	return removed{rows: rows}, rows == tidyRows, err
}

// forgetReplies removes first replies that answer nobody any longer.
func forgetReplies(ctx context.Context, tx pgx.Tx, _ ledger.Retention) (removed, bool, error) {
	tag, err := tx.Exec(ctx, `
delete from first_reply f
using (
    select caller, method, request_id from first_reply
    where reply_time < now() - $1::interval
    order by reply_time
    limit $2
    for update skip locked
) old
where f.caller = old.caller and f.method = old.method and f.request_id = old.request_id`, ledger.RepliesKept, tidyRows)
	return removed{rows: tag.RowsAffected()}, tag.RowsAffected() == tidyRows, err
}
