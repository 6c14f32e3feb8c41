-- Each scheme is led to what was decided on those days by an index.
create or replace function reporting.day_quality(from_day date, to_day date)
returns table (
    day date, scheme text, warehouse_number text, warehouse_name text, cancellations bigint, done bigint,
    inferred bigint, by_person bigint, too_late bigint, nothing_to_cancel bigint, withdrawn bigint, left_alone bigint,
    unsettled bigint, decided_p50_seconds double precision, decided_p95_seconds double precision,
    decided_p99_seconds double precision, void_p50_seconds double precision, void_p95_seconds double precision,
    void_p99_seconds double precision
)
language sql stable parallel safe
as $function$
select (d.decide_time at time zone 'Asia/Shanghai')::date, d.scheme, d.warehouse_number,
       coalesce(w.warehouse_name, ''), count(*), count(*) filter (where d.state = 'done'),
       count(*) filter (where d.inferred), count(*) filter (where d.outcome = 'marked_done'),
       count(*) filter (where d.state in ('needs_attention', 'closed') and d.disposition = 'too_late'),
       count(*) filter (where d.outcome in ('no_order', 'nothing_to_cancel')),
       count(*) filter (where d.state = 'withdrawn' and d.outcome <> 'nothing_to_cancel'),
       count(*) filter (where d.state = 'closed' and d.disposition <> 'too_late'
                              and d.outcome not in ('no_order', 'nothing_to_cancel')),
       count(*) filter (where d.outcome_time is null),
       percentile_cont(0.50) within group (order by d.decide_to_outcome_seconds) filter (where d.cancelled),
       percentile_cont(0.95) within group (order by d.decide_to_outcome_seconds) filter (where d.cancelled),
       percentile_cont(0.99) within group (order by d.decide_to_outcome_seconds) filter (where d.cancelled),
       percentile_cont(0.50) within group (order by d.void_to_outcome_seconds) filter (where d.cancelled),
       percentile_cont(0.95) within group (order by d.void_to_outcome_seconds) filter (where d.cancelled),
       percentile_cont(0.99) within group (order by d.void_to_outcome_seconds) filter (where d.cancelled)
from reporting.scheme s
cross join lateral (
    select d.*, d.state = 'done' and d.outcome <> 'marked_done' and d.question = 0 as cancelled
    from reporting.decision d
    where d.scheme = s.scheme
      and d.decide_time >= day_quality.from_day::timestamp at time zone 'Asia/Shanghai'
      and d.decide_time < (day_quality.to_day + 1)::timestamp at time zone 'Asia/Shanghai'
) d
left join reporting.warehouse w on w.scheme = d.scheme and w.warehouse_number = d.warehouse_number
group by 1, 2, 3, 4
order by 1, 2, 3
$function$;
comment on function reporting.day_quality is
    '每日质量: what was decided on each Beijing day from one to another, both included, by scheme and warehouse: how many, '
    'what became of them, and how many seconds it took from decided, and from the void in Kingdee, to cancelled by the '
    'WMS (p50, p95, p99). Example: select * from reporting.day_quality(current_date - 7, current_date)';
