package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// NoteAbsent remembers that these bills were asked for by id and not shown, unless the ledger has read them since; it
// answers how many were not missing before. That alone says nothing of why.
func (s *BillRows) NoteAbsent(ctx context.Context, tx pgx.Tx, scheme string, ids []int64, at time.Time) (int64, error) {
	return noteAbsent(ctx, tx, scheme, ids, at)
}

func noteAbsent(ctx context.Context, tx pgx.Tx, scheme string, ids []int64, at time.Time) (int64, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, `
update bill set absent_since = $3 where scheme = $1 and bill_id = any($2) and absent_since is null and read_time < $3`,
		scheme, ids, at)
	return tag.RowsAffected(), err
}

// Controls answers the bills that changed last and that Kingdee has always shown: they show whether it shows anything.
func (s *BillRows) Controls(ctx context.Context, scheme string, limit int) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select bill_id from bill
where scheme = $1 and `+StampOf+` is not null and absent_since is null and class not in ('undecodable', 'deleted')
order by `+StampOf+` desc
limit $2`, scheme, limit)
	if err != nil {
		return nil, fmt.Errorf("read control bills: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read control bills: %w", err)
	}
	return ids, nil
}

// StampOf is the latest of a bill's four dates, as the index bill_stamp has it.
const StampOf = `greatest(bill_create_time, modify_time, approve_time, cancel_time)`
