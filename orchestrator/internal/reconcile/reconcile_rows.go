package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// reconcileStuck is how long a reconcile run or a recheck may take before the next begins anew.
const reconcileStuck = "1 day"

// Reconcile answers the scheme's reconcile run or recheck to go on with: the one that did not end, or a new one when
// that is due or was asked for; nil when neither. One that took long leaves Kingdee alone for four times as long, an
// interval at most: it may have taken long because a process died. One that was begun under another revision, or got
// nowhere in a day, fails, and a new one begins. A recheck that found nothing, and that nobody asked for, has its row
// only until the next begins, which was due by it.
func (s *ComparisonRows) Reconcile(ctx context.Context, start ledger.ReconcileStart) (*ledger.Run, error) {
	var run *ledger.Run
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
with failed as (
    update run
    set version = version + 1, state = 'failed', end_time = now(),
        error = 'the scheme changed meanwhile, or it got nowhere; a new one begins'
    where scheme = $1 and kind = $3 and kind <> 'backfill' and state = 'running'
      and (revision <> $2 or start_time < now() - interval '`+reconcileStuck+`')
    returning run_id, scheme, kind, state
), told as (`+ledger.RunEvents("failed")+`
)
select from failed`,
			start.Scheme, start.Revision, start.Kind); err != nil {
			return err
		}
		var err error
		if run, err = ledger.UnfinishedRun(ctx, tx, start.Scheme, start.Kind); err != nil || run != nil {
			return err
		}
		if begun, err := beginComparison(ctx, tx, start); err != nil || !begun {
			return err
		}
		if _, err := tx.Exec(ctx, `
delete from run r using run_comparison c
where r.run_id = c.run_id and r.scheme = $1 and r.kind = 'recheck' and r.state = 'complete' and not r.asked
  and r.note = '' and c.bills_repaired + c.bills_missing + c.bills_gone + c.work_items = 0`,
			start.Scheme); err != nil {
			return err
		}
		run, err = ledger.UnfinishedRun(ctx, tx, start.Scheme, start.Kind)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin %s: %w", start.Kind, err)
	}
	return run, nil
}

// beginComparison gives the new run its row, if it is due or asked for and nobody else has just begun one.
func beginComparison(ctx context.Context, tx pgx.Tx, start ledger.ReconcileStart) (bool, error) {
	tag, err := tx.Exec(ctx, `
with begun as (
    insert into run (scheme, kind, revision, asked)
    select @scheme, @kind, @revision, @asked
    where @asked or not exists (
        select from run
        where scheme = @scheme and kind = @kind and start_time > now() - interval '1 day' - @interval::interval
          and greatest(start_time + @interval::interval,
                       end_time + least(4 * (end_time - start_time), @interval::interval)) > now())
    on conflict do nothing
    returning run_id
)
insert into run_comparison (run_id, phase, from_time, to_time, hours)
select run_id, @phase, @from, @to, @hours from begun`, pgx.StrictNamedArgs{
		"scheme": start.Scheme, "kind": start.Kind, "revision": start.Revision, "asked": start.Asked,
		"interval": start.Interval, "phase": start.Phase(), "from": ledger.NullTime(start.From),
		"to": ledger.NullTime(start.To), "hours": start.Hours(),
	})
	return tag.RowsAffected() == 1, err
}

// SaveReconcile stores where the reconcile run or recheck stands, by compare-and-set on its version, which it moves.
func (s *ComparisonRows) SaveReconcile(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	run.Error = ""
	if err := ledger.SaveRun(ctx, tx, run); err != nil {
		return err
	}
	c := run.Comparison
	_, err := tx.Exec(ctx, `
update run_comparison
set phase = @phase, hours_differing = @differing, bills_read = @read, bills_reread = @reread,
    bills_repaired = @repaired, bills_missing = @missing, bills_gone = @gone, work_items = @work,
    bills_missed = @missed, moved_ids = @moved, lag_seconds = @lag, problem_ids = @problems,
    gone_ids = @gone_ids, suspect_orgs = @orgs
where run_id = @run`, pgx.StrictNamedArgs{
		"run": run.ID, "phase": c.Phase, "differing": c.Differing, "read": c.Read, "reread": c.Reread,
		"repaired": c.Repaired, "missing": c.Missing, "gone": c.Gone, "work": c.Work, "problems": orEmpty(c.Problems),
		"missed": c.Missed, "moved": orEmpty(c.Moved), "lag": c.LagSeconds,
		"gone_ids": orEmpty(c.GoneIDs), "orgs": orEmpty(c.SuspectOrgs),
	})
	return err
}

// orEmpty keeps a nil batch from becoming SQL's null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// EndReconcile ends the reconcile run or recheck: hours that agreed are forgotten, and organisations whose bills are
// missing while nothing of theirs can be read are a person's matter, until that is over. What the triggers would have
// owed that are not on is told, as of at.
func (s *ComparisonRows) EndReconcile(ctx context.Context, run *ledger.Run, on []rule.Trigger, at time.Time) error {
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		after := *run
		after.State, after.Comparison.Phase = ledger.RunComplete, ledger.ReconcileDone
		if err := s.SaveReconcile(ctx, tx, &after); err != nil {
			return err
		}
		if err := tellLate(ctx, tx, run); err != nil {
			return err
		}
		if run.Kind != ledger.Reconcile {
			return oldAreRead(ctx, tx, run)
		}
		if err := tellMissed(ctx, tx, run); err != nil {
			return err
		}
		if err := intake.SuspectOrgs(ctx, tx, run.Scheme, run.Comparison.SuspectOrgs); err != nil {
			return err
		}
		if err := tellOff(ctx, tx, run.Scheme, on, at); err != nil {
			return err
		}
		if err := intake.CloseHolds(ctx, tx, run.Scheme, "nothing of it is held any longer"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
delete from reconcile_hour
where run_id = $1 and kingdee_bills = ledger_bills and kingdee_digest = ledger_digest`, run.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("end %s: %w", run.Kind, err)
	}
	return nil
}
