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

// Watched answers the bills behind this FID that the watch looks at, ascending, at most limit: those known live, or
// un-audited (what is to be deleted is un-audited first), with a stamp not before since, and those that are missing.
func (s *ComparisonRows) Watched(
	ctx context.Context, scheme string, since time.Time, after int64, limit int,
) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select bill_id from bill
where scheme = $1 and bill_id > $2 and ((document_status = 'C' and cancel_status = 'A')
    or class in ('un_audited', 'never_seen_live') or absent_since is not null)
  and coalesce(`+intake.StampOf+`, first_seen_time) >= $3
order by bill_id
limit $4`, scheme, after, since, limit)
	if err != nil {
		return nil, fmt.Errorf("read bills to recheck: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read bills to recheck: %w", err)
	}
	return ids, nil
}
