package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// countRows is how many ids a block of cancellation_count spans, and so how many rows a count reads at most that is asked for.
const countRows = 50_000

// endStates are those that a block's count keeps; what has not ended has a table of its own.
const endStates = `('done', 'withdrawn', 'dry_run', 'closed')`

// countBlock counts the end states of one full block: one not counted yet, or counted an hour ago with something unsettled in it, or
// the oldest count of more than a day. A cancellation that was reopened and ended otherwise meanwhile is miscounted until then.
func countBlock(ctx context.Context, tx pgx.Tx, _ ledger.Retention) (removed, bool, error) {
	var block int64
	if err := tx.QueryRow(ctx, `
with full_block as (
    select b as block from generate_series(0, (select coalesce(max(cancellation_id), 0) / $1 - 1 from cancellation)) as b
), counted as (
    select block, min(count_time) as count_time, bool_or(pending) as pending from cancellation_count group by block
)
select f.block from full_block f left join counted c using (block)
where c.block is null or c.count_time < now() - interval '1 day' or (c.pending and c.count_time < now() - interval '50 minutes')
order by c.count_time nulls first
limit 1`, countRows).Scan(&block); err != nil {
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
          select scheme, state, cancellation_id from outcome where revoke_time is null) c
    where cancellation_id >= @block::bigint * @rows::bigint
      and cancellation_id < (@block::bigint + 1) * @rows::bigint
    group by scheme, state
)
insert into cancellation_count (block, scheme, state, count, pending)
select @block::bigint, scheme, state, count, state not in `+endStates+` from counted
union all
select @block::bigint, '', '', 0, false where not exists (select from counted)`, pgx.StrictNamedArgs{"block": block, "rows": countRows})
	return removed{}, true, err
}

// stateCounts counts the cancellations of these schemes by state. What has not ended is exact, and so are the newest 50,000; older
// ones that have ended are as they were counted within the last hour.
const stateCounts = `
with edge as (
    select coalesce((select min(b) from generate_series(0, coalesce(max(cancellation_id), 0) / @rows) as b
        where not exists (select from cancellation_count k where k.block = b)), 0) * @rows as id
    from cancellation
), part as (
    select k.scheme, k.state, k.count from cancellation_count k, edge
    where k.scheme = any(@schemes) and k.state in ` + endStates + ` and k.block * @rows < edge.id
    union all
    select c.scheme, c.state, count(*) from unsettled_cancellation c
    where c.scheme = any(@schemes)
    group by c.scheme, c.state
    union all
    select c.scheme, c.state, count(*) from outcome c
    where c.scheme = any(@schemes) and c.revoke_time is null and c.cancellation_id >= (select id from edge)
    group by c.scheme, c.state
)
select scheme, state, sum(count)::bigint as count from part group by scheme, state`
