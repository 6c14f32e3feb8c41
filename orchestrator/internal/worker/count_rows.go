package worker

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// countBlock counts the end states of one full block: one not counted yet, or counted an hour ago with something
// unsettled in it, or the oldest count of more than a day. A cancellation that was reopened and ended otherwise
// meanwhile is miscounted until then.
func countBlock(ctx context.Context, tx pgx.Tx, _ ledger.Retention) (removed, bool, error) {
	var block int64
	if err := tx.QueryRow(ctx, `
with full_block as (
    select b as block
    from generate_series(0, (select coalesce(max(cancellation_id), 0) / $1 - 1 from cancellation)) as b
), counted as (
    select block, min(count_time) as count_time, bool_or(pending) as pending from cancellation_count group by block
)
select f.block from full_block f left join counted c using (block)
where c.block is null or c.count_time < now() - interval '1 day'
  or (c.pending and c.count_time < now() - interval '50 minutes')
order by c.count_time nulls first
limit 1`, ledger.CountRows).Scan(&block); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return removed{}, false, nil
		}
		return removed{}, false, err
	}
	if _, err := tx.Exec(ctx, `delete from cancellation_count where block = $1`, block); err != nil {
		return removed{}, false, err
	}
	// A block without a row of its own (all of it was rolled back) still counts as counted.
	_, err := tx.Exec(ctx, `
with counted as (
    select scheme, state, count(*) as count
    from (select scheme, state, cancellation_id from unsettled_cancellation
          union all
          select scheme, 'open', cancellation_id from shared_cancellation
          union all
          select scheme, state, cancellation_id from outcome where revoke_time is null) c
    where cancellation_id >= @block::bigint * @rows::bigint
      and cancellation_id < (@block::bigint + 1) * @rows::bigint
    group by scheme, state
)
insert into cancellation_count (block, scheme, state, count, pending)
select @block::bigint, scheme, state, count, state not in `+ledger.EndStates+` from counted
union all
select @block::bigint, '', '', 0, false where not exists (select from counted)`,
		pgx.StrictNamedArgs{"block": block, "rows": ledger.CountRows})
	return removed{}, true, err
}
