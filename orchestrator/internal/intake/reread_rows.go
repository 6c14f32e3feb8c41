package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// rereadPause is how long a bill that cannot be decoded, or is not shown, is left alone before it is read again.
const rereadPause = "10 minutes"

// Reread answers bills that are to be read again by id, whatever their dates say; at most limit, the longest due first.
func (s *BillRows) Reread(ctx context.Context, scheme string, limit int) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select bill_id from bill
where scheme = $1 and bill_id > 0 and reread_time <= now() order by reread_time limit $2`, scheme, limit)
	if err != nil {
		return nil, fmt.Errorf("read bills to look at again: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read bills to look at again: %w", err)
	}
	return ids, nil
}

// PostponeReread leaves these bills alone for a while: they were asked for and not shown, or still cannot be decoded.
func (s *BillRows) PostponeReread(ctx context.Context, scheme string, ids []int64) error {
	if _, err := s.pool.Exec(ctx, `
update bill set reread_time = now() + interval '`+rereadPause+`'
where scheme = $1 and bill_id = any($2) and reread_time <= now()`, scheme, ids); err != nil {
		return fmt.Errorf("postpone bills to look at again: %w", err)
	}
	return nil
}
