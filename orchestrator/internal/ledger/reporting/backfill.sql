create or replace view reporting.backfill as
select b.backfill_id, b.scheme, b.state,
       case b.state when 'running' then '进行中'
                    when 'planned' then '计划完成'
                    when 'applying' then '执行中'
                    when 'complete' then '已完成'
                    when 'failed' then '失败'
                    else '已撤销' end as state_zh,
       b.plan_only, b.before_cutover, b.from_time, b.to_time, cardinality(b.numbers) as numbers, b.revision, b.actor,
       b.reason, b.create_time, b.end_time, b.cursor_id,
       coalesce((b.run_counts->>'rows')::bigint, 0) as rows_read, b.rows_outside,
       coalesce((b.run_counts->>'bills')::bigint, 0) as bills,
       coalesce((b.counts->>'new')::bigint, 0) as items_new,
       coalesce((b.counts->>'already_owed')::bigint, 0) as items_already_owed,
       coalesce((b.counts->>'settled')::bigint, 0) as items_settled,
       coalesce((b.counts->>'held')::bigint, 0) as items_held,
       coalesce((b.counts->>'refused')::bigint, 0) as items_refused,
       coalesce((b.counts->>'undecodable')::bigint, 0) as items_undecodable,
       cardinality(b.numbers_not_found) as numbers_not_found, b.error
from voidrelay.backfill b;

comment on view reporting.backfill is
    '回补: what a person asked to be read again, by dates or by numbers, and what that came to';
comment on column reporting.backfill.plan_only is 'only a plan 计划, until somebody applied it';
comment on column reporting.backfill.before_cutover is
    'also what was voided before the scheme began or before sending was switched on 含启用时间之前';
comment on column reporting.backfill.rows_outside is
    'rows read that lie behind the range, and were not decided';
comment on column reporting.backfill.items_new is 'orders that became owed by it or, in a plan, would 新增';
comment on column reporting.backfill.items_settled is 'orders that had been dealt with before 此前已了结';
