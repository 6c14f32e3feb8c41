package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// tellLate opens clock_behind once three bills of a data centre, within a day, had stamps that moved and yet lay below
// the lower edge of every run.
func tellLate(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	if len(run.Comparison.Moved) == 0 {
		return nil
	}
	var dataCenter string
	var bills int
	var lag int64
	if err := tx.QueryRow(ctx, `
select s.data_center_id, count(distinct (r.scheme, m.bill_id)), max(c.lag_seconds)
from scheme s join scheme d using (data_center_id)
join run r on r.scheme = d.scheme and r.kind in ('recheck', 'reconcile') and r.start_time > now() - interval '1 day'
join run_comparison c using (run_id) cross join unnest(c.moved_ids) as m (bill_id)
where s.scheme = $1
group by s.data_center_id`, run.Scheme).Scan(&dataCenter, &bills, &lag); err != nil {
		return err
	}
	if bills < rule.LateBills {
		return nil
	}
	_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
		Kind: rule.ConditionClockBehind, DataCenterID: dataCenter,
		Detail: fmt.Sprintf("stamps lag behind by up to %s", time.Duration(lag)*time.Second),
	})
	return err
}

// tellMissed opens a work item when reconcile runs repair, one after the other, what incremental runs had missed, and
// closes it with the first one that need not. A clock that is known to be behind is told as such.
func tellMissed(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	var inRow int
	var told bool
	if err := tx.QueryRow(ctx, `
select (
    select count(*) filter (where newest.bills_missed > 0) from (
        select c.bills_missed from run r join run_comparison c using (run_id)
        where r.scheme = $1 and r.kind = 'reconcile' and r.state = 'complete'
        order by r.start_time desc
        limit $2) newest
), exists (
    select from condition o join scheme s on s.data_center_id = o.data_center_id
    where s.scheme = $1 and o.kind = $3 and o.end_time is null)`,
		run.Scheme, rule.MissedInRow, rule.ConditionClockBehind).Scan(&inRow, &told); err != nil {
		return err
	}
	if run.Comparison.Missed == 0 || told {
		return ledger.CloseWorkItems(ctx, tx, "a reconcile run missed nothing", `w.scheme = @scheme and w.kind = @kind`,
			pgx.StrictNamedArgs{"scheme": run.Scheme, "kind": rule.WorkRunsMiss})
	}
	if inRow < rule.MissedInRow {
		return nil
	}
	return ledger.OpenWorkItems(ctx, tx, run.Scheme, []ledger.Work{{
		Kind: rule.WorkRunsMiss, Detail: fmt.Sprintf("%d bills in the last one", run.Comparison.Missed),
	}})
}
