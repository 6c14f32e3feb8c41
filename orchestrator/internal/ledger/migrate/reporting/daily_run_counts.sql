create or replace view reporting.daily_run_counts as
select p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date as day,
       count(*) as runs,
       count(*) filter (where p.state = 'failed') as runs_failed,
       sum(coalesce((p.run_counts->>'rows')::bigint, 0)) as rows_read,
       sum(coalesce((p.run_counts->>'rows_of_problems')::bigint, 0)) as rows_of_problems,
       sum(coalesce((p.run_counts->>'bills')::bigint, 0)) as bills,
       sum(coalesce((p.run_counts->>'live')::bigint, 0)) as live,
       sum(coalesce((p.run_counts->>'unchanged')::bigint, 0)) as unchanged,
       sum(coalesce((p.run_counts->>'voided')::bigint, 0)) as voided,
       sum(coalesce((p.run_counts->>'un_audited')::bigint, 0)) as un_audited,
       sum(coalesce((p.run_counts->>'never_audited')::bigint, 0)) as never_audited,
       sum(coalesce((p.run_counts->>'before_cutover')::bigint, 0)) as before_cutover,
       sum(coalesce((p.run_counts->>'not_selected')::bigint, 0)) as not_selected,
       sum(coalesce((p.run_counts->>'stale')::bigint, 0)) as stale,
       sum(coalesce((p.run_counts->>'undecodable')::bigint, 0)) as undecodable,
       sum(coalesce((p.run_counts->>'orders')::bigint, 0)) as orders,
       sum(coalesce((p.run_counts->>'orders_new')::bigint, 0)) as orders_new,
       sum(coalesce((p.run_counts->>'orders_already_owed')::bigint, 0)) as orders_already_owed,
       sum(coalesce((p.run_counts->>'orders_held')::bigint, 0)) as orders_held,
       sum(coalesce((p.run_counts->>'orders_not_in_scheme')::bigint, 0)) as orders_not_in_scheme,
       sum(coalesce((p.run_counts->>'orders_no_warehouse')::bigint, 0)) as orders_no_warehouse,
       sum(coalesce((p.run_counts->>'deleted')::bigint, 0)) as deleted,
       sum(coalesce((p.run_counts->>'outside')::bigint, 0)) as outside,
       sum(coalesce((p.run_counts->>'never_seen_live')::bigint, 0)) as never_seen_live
from voidrelay.run p
where p.kind in ('baseline', 'incremental')
group by p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date;

comment on view reporting.daily_run_counts is
    '每日读取计数: what the baselines and incremental runs of a day read and what it came to; bills = live + '
    'unchanged + voided + un_audited + never_audited + never_seen_live + before_cutover + not_selected + outside + '
    'stale + undecodable + deleted';
comment on column reporting.daily_run_counts.day is '北京日期 on which the run began';
