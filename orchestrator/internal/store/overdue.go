package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// OverduePasses answers schemes that poll and whose last pass ended longer ago than their poll interval and grace: nobody asked for the
// next one, or it was lost. One whose last pass failed is left its pause.
func (s *Store) OverduePasses(ctx context.Context, grace time.Duration) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
select s.scheme
from scheme s left join watermark m using (scheme) left join pass_failure f using (scheme)
where s.active and s.state = 'running' and coalesce(f.not_before, '-infinity') <= now()
  and greatest(coalesce(m.last_pass_time, s.create_time), f.last_time) < now() - s.poll_millis * interval '1 millisecond' - $1::interval
order by s.scheme`, grace)
	if err != nil {
		return nil, fmt.Errorf("read overdue passes: %w", err)
	}
	schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read overdue passes: %w", err)
	}
	return schemes, nil
}
