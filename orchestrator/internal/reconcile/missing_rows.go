package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// provable is true of a missing bill b that is still to be proved gone, or once more: a live bill carried its number,
// does not any longer, and what it owes for that is decided when it is proved gone. No run can do that, because no
// read shows it.
const provable = `(b.class <> 'deleted' or b.reread_time is not null)`

// MissingBills answers the bills behind this FID that have been missing since before, ascending, at most limit, and
// that something may be owed for: those known live or un-audited, those with a cancellation that has not ended, those
// that wait for a warehouse (each asked for by its id: offset 0), and those gone that are to be looked at again.
func (s *ComparisonRows) MissingBills(
	ctx context.Context, scheme string, before time.Time, after int64, limit int,
) ([]ledger.Missing, error) {
	return s.missing(ctx, `
select b.bill_id, b.bill_no, b.org, b.absent_since
from bill b
where b.scheme = @scheme and b.absent_since <= @before and b.bill_id > @after and `+provable+`
  and ((b.document_status = 'C' and b.cancel_status = 'A') or b.class in ('un_audited', 'never_seen_live', 'deleted')
       or exists (select from unsettled_cancellation c where c.scheme = b.scheme and c.bill_id = b.bill_id
           and (c.state in ('planned', 'open', 'held') or c.state = 'needs_attention'
               and `+ledger.NeedsAttentionUnread+`))
       or exists (select from work_item_bill l join work_item w using (work_item_id)
           where l.scheme = b.scheme and l.bill_id = b.bill_id and w.close_time is null
           offset 0))
order by b.bill_id
limit @limit`, pgx.StrictNamedArgs{"scheme": scheme, "before": before, "after": after, "limit": limit})
}

// StillMissing answers those of these bills that nobody has seen since.
func (s *ComparisonRows) StillMissing(ctx context.Context, scheme string, ids []int64) ([]ledger.Missing, error) {
	return s.missing(ctx, `
select b.bill_id, b.bill_no, b.org, b.absent_since from bill b
where b.scheme = @scheme and b.bill_id = any(@ids) and b.absent_since is not null and `+provable+`
order by b.bill_id`, pgx.StrictNamedArgs{"scheme": scheme, "ids": ids})
}

// NewestMissing answers the lowest FID of bills that are still to be proved gone and were the newest when they were
// first missing, if they are WentBackBills or more; 0 if not. What was made since does not show that Kingdee is no
// older copy.
func (s *ComparisonRows) NewestMissing(ctx context.Context, scheme string) (lowest int64, err error) {
	var count int64
	err = s.pool.QueryRow(ctx, `
select count(*), coalesce(min(b.bill_id), 0)
from bill b
where b.scheme = $1 and b.absent_since is not null and b.class <> 'deleted' and b.bill_id > coalesce((
    select max(o.bill_id) from bill o
    where o.scheme = $1 and o.absent_since is null
      and coalesce(o.bill_create_time, o.first_seen_time) < b.absent_since), 0)`,
		scheme).Scan(&count, &lowest)
	if err != nil {
		return 0, fmt.Errorf("read newest missing bills: %w", err)
	}
	if count < rule.WentBackBills {
		return 0, nil
	}
	return lowest, nil
}

// LaterBills answers bills of an organisation with a higher FID than after, which were made after that one, and that
// Kingdee has always shown: the newest first, at most limit.
func (s *ComparisonRows) LaterBills(
	ctx context.Context, scheme, org string, after int64, limit int,
) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select bill_id from bill
where scheme = $1 and org = $2 and bill_id > $3 and absent_since is null and class not in ('undecodable', 'deleted')
order by bill_id desc
limit $4`, scheme, org, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read later bills: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read later bills: %w", err)
	}
	return ids, nil
}

func (s *ComparisonRows) missing(ctx context.Context, sql string, args pgx.StrictNamedArgs) ([]ledger.Missing, error) {
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("read missing bills: %w", err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowToStructByName[ledger.Missing])
	if err != nil {
		return nil, fmt.Errorf("read missing bills: %w", err)
	}
	return missing, nil
}
