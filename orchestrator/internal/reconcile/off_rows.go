package reconcile

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// offAfter is how long a bill stays un-audited before it counts as one whose order stands: an edit is over by then.
const offAfter = time.Hour

// wouldOwe finds the bills b that a trigger would have called for which the scheme leaves out: they ended that way,
// they claim orders, and nothing was ever owed for them in their generation. Of voided bills those of 90 days count, of
// un-audited ones that no read has shown live those whose approve date shows an audit, and that ended after the
// cutover.
var wouldOwe = map[rule.Trigger]string{
	rule.TriggerUnAudited: `(b.class = 'un_audited' or b.class = 'never_seen_live' and b.un_audit_time >= (
      select greatest(m.effective_from, s.send_since) from watermark m join scheme s using (scheme)
      where m.scheme = b.scheme))
  and b.un_audited_since < t.now - t.edit`,
	rule.TriggerDeleted: `b.class = 'deleted' and b.cancel_status <> 'B'`,
	rule.TriggerVoided: `b.class = 'voided'
  and ` + intake.StampOf + ` > t.now - interval '90 days'`,
}

// tellOff opens one work item for each trigger that the scheme leaves out and that would have owed something, with how
// many bills and the first of them. The count follows while the item is open. Once a person has closed it, nobody is
// told again; and it closes by itself when the scheme has the trigger.
func tellOff(ctx context.Context, tx pgx.Tx, scheme string, on []rule.Trigger, at time.Time) error {
	has := map[rule.Trigger]bool{}
	names := make([]string, len(on))
	for i, trigger := range on {
		has[trigger], names[i] = true, string(trigger)
	}
	if err := ledger.CloseWorkItems(ctx, tx, "the scheme has the trigger", `
w.scheme = @scheme and w.kind = @kind and w.subject = any(@on)`,
		pgx.StrictNamedArgs{"scheme": scheme, "kind": string(rule.WorkTriggerOff), "on": names}); err != nil {
		return err
	}
	for trigger, condition := range wouldOwe {
		if has[trigger] {
			continue
		}
		item := ledger.WorkItem{
			Scheme: scheme, Work: ledger.Work{Kind: rule.WorkTriggerOff, Subject: string(trigger)},
		}
		var count int
		var accepted bool
		if err := tx.QueryRow(ctx, `
select count(*),
       count(*) || ': ' || coalesce(array_to_string((array_agg(b.bill_no order by b.bill_id))[1:10], ', '), ''),
       exists (select from work_item w where w.scheme = @scheme and w.kind = @kind and w.subject = @trigger
           and w.close_time is not null and w.close_reason <> 'the scheme has the trigger')
from bill b cross join (select @at::timestamptz as now, @edit::interval as edit) t
where b.scheme = @scheme and `+condition+`
  and exists (select from claim k where k.scheme = b.scheme and k.bill_id = b.bill_id)
  and not exists (select from cancellation c
      where c.scheme = b.scheme and c.bill_id = b.bill_id and c.generation = b.generation)`, pgx.StrictNamedArgs{
			"scheme": scheme, "kind": string(rule.WorkTriggerOff), "trigger": string(trigger), "at": at,
			"edit": offAfter,
		}).Scan(&count, &item.Detail, &accepted); err != nil {
			return err
		}
		if count == 0 || accepted {
			continue
		}
		if _, err := ledger.OpenItems(ctx, tx, []ledger.WorkItem{item}); err != nil {
			return err
		}
		if err := ledger.RewriteItem(ctx, tx, item); err != nil {
			return err
		}
	}
	return nil
}
