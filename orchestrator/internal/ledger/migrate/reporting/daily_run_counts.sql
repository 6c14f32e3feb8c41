create or replace view reporting.daily_run_counts as
select p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date as day,
       count(*) as runs,
       count(*) filter (where p.state = 'failed') as runs_failed,
       coalesce(sum((p.run_counts->>'rows')::bigint), 0)::bigint as rows_read,
       coalesce(sum((p.run_counts->>'rows_of_problems')::bigint), 0)::bigint as rows_of_problems,
       coalesce(sum((p.run_counts->>'bills')::bigint), 0)::bigint as bills,
       coalesce(sum((p.run_counts->>'live')::bigint), 0)::bigint as live,
       coalesce(sum((p.run_counts->>'unchanged')::bigint), 0)::bigint as unchanged,
       coalesce(sum((p.run_counts->>'voided')::bigint), 0)::bigint as voided,
       coalesce(sum((p.run_counts->>'un_audited')::bigint), 0)::bigint as un_audited,
       coalesce(sum((p.run_counts->>'never_audited')::bigint), 0)::bigint as never_audited,
       coalesce(sum((p.run_counts->>'before_cutover')::bigint), 0)::bigint as before_cutover,
       coalesce(sum((p.run_counts->>'not_selected')::bigint), 0)::bigint as not_selected,
       coalesce(sum((p.run_counts->>'stale')::bigint), 0)::bigint as stale,
       coalesce(sum((p.run_counts->>'undecodable')::bigint), 0)::bigint as undecodable,
       coalesce(sum((p.run_counts->>'orders')::bigint), 0)::bigint as orders,
       coalesce(sum((p.run_counts->>'orders_new')::bigint), 0)::bigint as orders_new,
       coalesce(sum((p.run_counts->>'orders_already_owed')::bigint), 0)::bigint as orders_already_owed,
       coalesce(sum((p.run_counts->>'orders_held')::bigint), 0)::bigint as orders_held,
       coalesce(sum((p.run_counts->>'orders_not_in_scheme')::bigint), 0)::bigint as orders_not_in_scheme,
       coalesce(sum((p.run_counts->>'orders_no_warehouse')::bigint), 0)::bigint as orders_no_warehouse,
       coalesce(sum((p.run_counts->>'deleted')::bigint), 0)::bigint as deleted,
       coalesce(sum((p.run_counts->>'outside')::bigint), 0)::bigint as outside,
       coalesce(sum((p.run_counts->>'never_seen_live')::bigint), 0)::bigint as never_seen_live
from voidrelay.run p
where p.kind in ('baseline', 'incremental')
group by p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date;

comment on view reporting.daily_run_counts is
    '每日读取计数: what the baselines and incremental runs of a day read and what it came to; bills = live + '
    'unchanged + voided + un_audited + never_audited + never_seen_live + before_cutover + not_selected + outside + '
    'stale + undecodable + deleted';
comment on column reporting.daily_run_counts.day is '北京日期 on which the run began';
