package push

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// OverdueRuns answers schemes that read and whose last run ended longer ago than their incremental run interval and
// grace: nobody asked for the next one, or it was lost. One whose last run failed is left its pause, and one that rests
// is asked for by whoever ends the condition.
func (s *Rows) OverdueRuns(ctx context.Context, grace time.Duration) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
select s.scheme
from scheme s left join watermark m using (scheme) left join run_failure f using (scheme)
where s.active and not exists (select from condition o where `+ledger.BlocksReading+` and o.kind <> 'clock_ahead')
  and coalesce(f.not_before, '-infinity') <= now()
  and greatest(coalesce(m.last_run_time, s.create_time), f.last_time)
      < now() - s.incremental_millis * interval '1 millisecond' - $1::interval
order by s.scheme`, grace)
	if err != nil {
		return nil, fmt.Errorf("read overdue runs: %w", err)
	}
	schemes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read overdue runs: %w", err)
	}
	return schemes, nil
}
