package query

import "github.com/voidrelay/voidrelay/orchestrator/internal/ledger"

// stateCounts counts the cancellations of these schemes by state. What has not ended is exact, and so are the newest
// 50,000; older ones that have ended are as they were counted within the last hour.
const stateCounts = `
with edge as (
    select coalesce((select min(b) from generate_series(0, coalesce(max(cancellation_id), 0) / @rows) as b
        where not exists (select from cancellation_count k where k.block = b)), 0) * @rows as id
    from cancellation
), part as (
    select k.scheme, k.state, k.count from cancellation_count k, edge
    where k.scheme = any(@schemes) and k.state in ` + ledger.EndStates + ` and k.block * @rows < edge.id
    union all
    select c.scheme, c.state, count(*) from unsettled_cancellation c
    where c.scheme = any(@schemes)
    group by c.scheme, c.state
    union all
    select c.scheme, u.state, count(*)
    from shared_cancellation c join unsettled_cancellation u on u.cancellation_id = c.same_order_as
    where c.scheme = any(@schemes)
    group by c.scheme, u.state
    union all
    select c.scheme, c.state, count(*) from outcome c
    where c.scheme = any(@schemes) and c.revoke_time is null and c.cancellation_id >= (select id from edge)
    group by c.scheme, c.state
)
select scheme, state, sum(count)::bigint as count from part group by scheme, state`
