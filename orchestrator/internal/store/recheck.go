package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// recheckPause is how long a bill that cannot be decoded, or is not shown, is left alone before it is read again.
const recheckPause = "10 minutes"

// Recheck answers bills that are to be read again by id, whatever their dates say; at most limit, the longest due first.
func (s *Store) Recheck(ctx context.Context, scheme string, limit int) ([]int64, error) {
	rows, err := s.pool.Query(ctx, `
select bill_id from bill where scheme = $1 and recheck_time <= now() order by recheck_time limit $2`, scheme, limit)
	if err != nil {
		return nil, fmt.Errorf("read bills to look at again: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read bills to look at again: %w", err)
	}
	return ids, nil
}

// PostponeRecheck leaves these bills alone for a while: they were asked for and not shown, or still cannot be decoded.
func (s *Store) PostponeRecheck(ctx context.Context, scheme string, ids []int64) error {
	if _, err := s.pool.Exec(ctx, `
update bill set recheck_time = now() + interval '`+recheckPause+`' where scheme = $1 and bill_id = any($2) and recheck_time <= now()`, scheme, ids); err != nil {
		return fmt.Errorf("postpone bills to look at again: %w", err)
	}
	return nil
}
