package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// TryLockReconcile keeps two chunks of one scheme's reconcile run or recheck apart, as TryLockRun does for incremental
// runs. They are locks of their own: what the one writes is kept apart from the other by the read times of the bills.
func (s *ComparisonRows) TryLockReconcile(
	ctx context.Context, scheme string, kind ledger.RunKind,
) (unlock func(), ok bool, err error) {
	return ledger.LockOf(ctx, s.pool, string(kind)+" "+scheme)
}

// oldAreDue is true of the watermark m of a recheck r that reads older un-audited bills, too: once a day. It stays so
// until that recheck has ended.
const oldAreDue = `coalesce(m.old_read_time, '-infinity') <= r.start_time - interval '1 day'`

// Watched answers the bills behind the cursor of a recheck that it looks at, ascending, at most limit: those known
// live, or un-audited (what is to be deleted is un-audited first), with a stamp not before since, and those that are
// missing. Once a day also older un-audited ones that claim orders.
func (s *ComparisonRows) Watched(
	ctx context.Context, run *ledger.Run, since time.Time, limit int,
) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select b.bill_id from bill b
where b.scheme = @scheme and b.bill_id > @after and ((b.document_status = 'C' and b.cancel_status = 'A')
    or b.class in ('un_audited', 'never_seen_live') or b.absent_since is not null)
  and (coalesce(`+intake.StampOf+`, b.first_seen_time) >= @since
    or b.class in ('un_audited', 'never_seen_live')
      and (select `+oldAreDue+` from run r join watermark m using (scheme) where r.run_id = @run)
      and exists (select from claim c where c.scheme = b.scheme and c.bill_id = b.bill_id))
order by b.bill_id
limit @limit`, pgx.StrictNamedArgs{
		"scheme": run.Scheme, "after": run.Cursor, "since": since, "run": run.ID, "limit": limit,
	})
	if err != nil {
		return nil, fmt.Errorf("read bills to recheck: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read bills to recheck: %w", err)
	}
	return ids, nil
}

// oldAreRead notes that a recheck that has ended read older un-audited bills, if it did.
func oldAreRead(ctx context.Context, tx pgx.Tx, run *ledger.Run) error {
	_, err := tx.Exec(ctx, `
update watermark m set old_read_time = r.start_time
from run r where r.run_id = $1 and m.scheme = r.scheme and r.note = '' and `+oldAreDue, run.ID)
	return err
}
