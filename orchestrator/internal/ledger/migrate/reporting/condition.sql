create or replace view reporting.condition as
select o.condition_id, o.kind, o.scheme, o.data_center_id, o.account, o.trigger, o.host, o.reason, o.detail,
       w.message_zh || case when o.detail <> '' then '：' || o.detail else '' end as message,
       w.action_zh as action,
       w.message_en || case when o.detail <> '' then ': ' || o.detail else '' end as message_en,
       w.action_en,
       o.blocks_reading, o.blocks_sending, o.by_person, o.end_time is null as open, o.since, o.last_seen, o.returns,
       o.probe_time, o.end_time, o.end_reason,
       reporting.word_zh('condition_kind', o.kind) as kind_zh, reporting.word_zh('trigger', o.trigger) as trigger_zh,
       o.since at time zone 'Asia/Shanghai' as since_beijing,
       o.last_seen at time zone 'Asia/Shanghai' as last_seen_beijing,
       o.probe_time at time zone 'Asia/Shanghai' as probe_time_beijing,
       o.end_time at time zone 'Asia/Shanghai' as end_time_beijing
from voidrelay.condition o
cross join lateral (
    select k.message_zh, k.action_zh, k.message_en, k.action_en
    from voidrelay.condition_kind k
    where k.kind = o.kind and k.reason in ('', o.reason)
    order by k.reason desc
    limit 1
) k
-- An act about a data centre names one of its schemes.
cross join lateral (
    select min(s.scheme) as scheme
    from voidrelay.scheme s
    where s.active and s.data_center_id = o.data_center_id
) one
-- The names that stand in the words.
cross join lateral (
    select max(t.words) filter (where t.place = 1) as message_zh, max(t.words) filter (where t.place = 2) as action_zh,
           max(t.words) filter (where t.place = 3) as message_en, max(t.words) filter (where t.place = 4) as action_en
    from (
        select n.place, replace(replace(replace(replace(replace(replace(n.words,
                   '{scheme}', coalesce(o.scheme, one.scheme, '')), '{data_center}', o.data_center_id),
                   '{account}', o.account),
                   '{trigger}', o.trigger), '{host}', o.host), '{reason}', o.reason) as words
        from unnest(array[k.message_zh, k.action_zh, k.message_en, k.action_en]) with ordinality as n (words, place)
    ) t
) w;

comment on view reporting.condition is
    '状况: what stands still and why, one row per subject and kind while it lasts, with what to do';
comment on column reporting.condition.condition_id is 'number of the condition';
comment on column reporting.condition.kind is 'what it is, such as wms_away or paused';
comment on column reporting.condition.scheme is 'the scheme that it is about; null where it is not about one';
comment on column reporting.condition.data_center_id is 'the Kingdee data centre that it is about; else empty';
comment on column reporting.condition.account is 'the WMS account that it is about; else empty';
comment on column reporting.condition.trigger is 'the trigger whose cancellations it is about; else empty';
comment on column reporting.condition.host is 'the host that alone meets it; else empty';
comment on column reporting.condition.reason is 'a code that narrows the kind, such as DATA_CENTER_DIFFERS; else empty';
comment on column reporting.condition.detail is 'what was met, in the words of whoever said it';
comment on column reporting.condition.message is '发生了什么';
comment on column reporting.condition.action is '怎么处理';
comment on column reporting.condition.message_en is 'what happened';
comment on column reporting.condition.action_en is 'what to do next';
comment on column reporting.condition.blocks_reading is 'nothing is read while it lasts';
comment on column reporting.condition.blocks_sending is 'nothing is sent while it lasts';
comment on column reporting.condition.by_person is 'it lasts until a person acts; otherwise it ends by itself';
comment on column reporting.condition.open is 'it lasts';
comment on column reporting.condition.since is 'when it began';
comment on column reporting.condition.last_seen is 'when it was last met, to within seconds';
comment on column reporting.condition.returns is 'how often it came back within ten minutes of its end';
comment on column reporting.condition.probe_time is 'when it is asked next whether it is over; null: nobody asks';
comment on column reporting.condition.end_time is 'when it ended; null while it lasts';
comment on column reporting.condition.end_reason is 'why it ended';
