-- How old what the ledger knows of a scheme's bills is, found when asked: so it is true, too, when no orchestrator
-- lives that could have opened a condition.
create or replace view reporting.reading as
select s.scheme, m.last_run_time as as_of, t.stands_still, t.since as stands_still_since,
       case when t.stands_still
            then '现在不知道：' || coalesce(to_char(m.last_run_time at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')
                 || ' 之后没有读到', '基线尚未完成') || '（' || coalesce(o.message,
                 case when s.active then '超过五个周期没有完成一次读取' else '方案已停用' end) || '）'
            when m.scheme is null then '现在不知道：基线尚未完成'
            else '' end as standing,
       case when t.stands_still
            then 'not known now: ' || coalesce('nothing was read after '
                 || to_char(m.last_run_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                 'the baseline is not complete') || ' (' || coalesce(o.message_en,
                 case when s.active then 'no run was complete for five intervals'
                      else 'the scheme is not in the file any more' end) || ')'
            when m.scheme is null then 'not known now: the baseline is not complete'
            else '' end as standing_en,
       s.active, m.last_run_time at time zone 'Asia/Shanghai' as as_of_beijing,
       t.since at time zone 'Asia/Shanghai' as stands_still_since_beijing
from voidrelay.scheme s
left join voidrelay.watermark m on m.scheme = s.scheme
-- What only a person ends outweighs what ends by itself; of two alike, the older one.
left join lateral (
    select left(o.message, length(o.message) - length(d.met)) as message,
           left(o.message_en, length(o.message_en) - length(d.met_en)) as message_en, o.since
    from reporting.condition o
    -- What was met, word for word, is for those who look at the condition, and not for whoever asks about a bill.
    cross join lateral (
        select case when o.detail <> '' then '：' || o.detail else '' end as met,
               case when o.detail <> '' then ': ' || o.detail else '' end as met_en
    ) d
    where o.open and (o.blocks_reading or o.kind = 'reading_behind') and o.host = '' and o.account = ''
      and coalesce(o.scheme, s.scheme) = s.scheme and o.data_center_id in ('', s.data_center_id)
    order by o.by_person desc, o.condition_id
    limit 1
) o on true
cross join lateral (
    select m.last_run_time < now() - 5 * s.incremental_millis * interval '1 millisecond' as old
) a
cross join lateral (
    select o.since is not null or coalesce(a.old, false) as stands_still,
           least(o.since, case when a.old then m.last_run_time end) as since
) t;

comment on view reporting.reading is
    '读取状态: one row per scheme: up to when its bills were read, and whether reading stands still';
comment on column reporting.reading.scheme is 'name of the scheme';
comment on column reporting.reading.as_of is
    '截至: when the last incremental run was complete, also when it found nothing; null before the baseline is';
comment on column reporting.reading.stands_still is
    'a condition keeps it from being read, or its last complete run is older than five intervals';
comment on column reporting.reading.stands_still_since is 'since when; null while reading goes on';
comment on column reporting.reading.standing is
    '现在不知道 and why, also before the baseline is complete; empty while reading goes on';
comment on column reporting.reading.standing_en is 'the same in English';
comment on column reporting.reading.active is 'the scheme stands in the file that was loaded last';
