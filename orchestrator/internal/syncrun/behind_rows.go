package syncrun

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// TellBehind opens reading_behind for schemes whose last complete run is too old, with what kept it as the detail,
// and ends it for those that were read since. It ends clock_behind a day after the last bill that was late.
func (s *ReadingRows) TellBehind(ctx context.Context) error {
	type row struct {
		Scheme       string
		Since        time.Time
		Error        string
		Behind, Open bool
	}
	rows, err := s.pool.Query(ctx, `
with found as (
    select s.scheme, coalesce(m.last_run_time, s.create_time) as since, coalesce(f.error, '') as error,
           s.active and coalesce(
               m.last_run_time < now() - greatest($1::interval, $2 * s.incremental_millis * interval '1 millisecond'),
               s.create_time < now() - case when f.failures >= $2 then $1::interval else $3::interval end) as behind,
           exists (select from condition o
                   where o.kind = $4 and o.scheme = s.scheme and o.end_time is null) as open
    from scheme s left join watermark m using (scheme) left join run_failure f using (scheme)
)
select * from found where behind or open order by scheme`,
		rule.LeastBehind, rule.BehindIntervals, rule.BaselineBehind, rule.ConditionReadingBehind)
	if err != nil {
		return fmt.Errorf("find schemes that are behind: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return fmt.Errorf("find schemes that are behind: %w", err)
	}
	if err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := ledger.EndConditions(ctx, tx, "no bill was late for a day",
			`o.kind = @kind and o.last_seen < now() - interval '1 day'`,
			pgx.StrictNamedArgs{"kind": rule.ConditionClockBehind})
		return err
	}); err != nil {
		return fmt.Errorf("end clock_behind: %w", err)
	}
	for _, r := range found {
		err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if !r.Behind {
				_, err := ledger.EndConditions(ctx, tx, "a run is complete", `o.kind = @kind and o.scheme = @scheme`,
					pgx.StrictNamedArgs{"kind": rule.ConditionReadingBehind, "scheme": r.Scheme})
				return err
			}
			_, err := ledger.OpenCondition(ctx, tx, ledger.Condition{
				Kind: rule.ConditionReadingBehind, Scheme: r.Scheme, Since: r.Since, Detail: r.Error,
			})
			return err
		})
		if err != nil {
			return fmt.Errorf("scheme %s is behind: %w", r.Scheme, err)
		}
	}
	return nil
}
