create or replace view reporting.aging as
select a.scheme, a.state, a.age,
       case a.age when 1 then '5 分钟内'
                  when 2 then '5–60 分钟'
                  when 3 then '1–24 小时'
                  when 4 then '1–7 天'
                  else '7 天以上' end as age_zh,
       count(*) as cancellations, min(a.create_time) as oldest_time,
       reporting.word_zh('state', a.state) as state_zh,
       min(a.create_time) at time zone 'Asia/Shanghai' as oldest_time_beijing
from (
    select c.scheme, u.state, c.create_time,
           case when now() - c.create_time < interval '5 minutes' then 1
                when now() - c.create_time < interval '1 hour' then 2
                when now() - c.create_time < interval '1 day' then 3
                when now() - c.create_time < interval '7 days' then 4
                else 5 end as age
    from voidrelay.unsettled_cancellation u
    cross join lateral (
        select c.scheme, c.create_time from voidrelay.cancellation c where c.cancellation_id = u.cancellation_id
        offset 0
    ) c
    where u.state in ('open', 'held', 'needs_attention')
) a
group by a.scheme, a.state, a.age;

comment on view reporting.aging is
    '账龄: cancellations that are not settled, by how long ago they were written';
comment on column reporting.aging.age is
    '1 under 5 minutes, 2 under an hour, 3 under a day, 4 under a week, 5 older';
