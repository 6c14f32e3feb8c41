-- How each scheme stands now: is it read, does it send, since when not, and why.
create or replace view reporting.scheme as
select s.scheme, s.title, s.form_id, s.data_center_id, s.wms_accounts, s.organisations, s.triggers,
       (select string_agg(reporting.word_zh('trigger', t.code), '、' order by t.place)
        from unnest(s.triggers) with ordinality as t (code, place)) as triggers_zh,
       s.revision, s.active, s.mode, reporting.word_zh('mode', s.mode) as mode_zh, s.send_since,
       m.watermark_time as watermark, r.as_of,
       extract(epoch from now() - r.as_of)::double precision as reading_age_seconds,
       r.stands_still as reading_stands_still, r.stands_still_since, r.standing,
       s.active and s.mode = 'send' and s.remap_run_id is null and o.since is null as sends,
       o.since as sending_stands_still_since,
       case when not s.active then '方案已停用'
            when s.mode <> 'send' then '方案处于仅观察模式'
            when s.remap_run_id is not null then '正在按新版本重映射'
            else coalesce(o.messages, '') end as not_sending,
       s.create_time, s.update_time,
       s.send_since at time zone 'Asia/Shanghai' as send_since_beijing,
       m.watermark_time at time zone 'Asia/Shanghai' as watermark_beijing,
       r.as_of at time zone 'Asia/Shanghai' as as_of_beijing,
       r.stands_still_since at time zone 'Asia/Shanghai' as stands_still_since_beijing,
       o.since at time zone 'Asia/Shanghai' as sending_stands_still_since_beijing,
       s.create_time at time zone 'Asia/Shanghai' as create_time_beijing,
       s.update_time at time zone 'Asia/Shanghai' as update_time_beijing
from voidrelay.scheme s
left join voidrelay.watermark m on m.scheme = s.scheme
join reporting.reading r on r.scheme = s.scheme
-- A condition about one trigger or one of several accounts stops a part, and the scheme still sends.
left join lateral (
    select min(o.since) as since, string_agg(o.message, '；' order by o.since) as messages
    from reporting.condition o
    where o.open and o.blocks_sending and o.host = '' and o.trigger = ''
      and coalesce(o.scheme, s.scheme) = s.scheme and o.data_center_id in ('', s.data_center_id)
      and (o.account = '' or s.wms_accounts <@ array[o.account])
) o on true;

comment on view reporting.scheme is
    '方案现状: one row per scheme: how far it has read Kingdee, whether it reads and sends now, since when not, and why';
comment on column reporting.scheme.title is '方案名称';
comment on column reporting.scheme.data_center_id is '账套: the Kingdee data centre';
comment on column reporting.scheme.form_id is '单据类型: the Kingdee form that it reads';
comment on column reporting.scheme.wms_accounts is '旺店通账号: the WMS accounts that it sends to';
comment on column reporting.scheme.organisations is '库存组织: the organisations that it reads; empty = all';
comment on column reporting.scheme.triggers is '触发条件: what calls for a cancel: voided, un_audited, deleted';
comment on column reporting.scheme.revision is '方案版本: the newest one';
comment on column reporting.scheme.active is '启用中: it is not retired';
comment on column reporting.scheme.mode is 'send, or dry_run: it only watches';
comment on column reporting.scheme.send_since is '开始发送时间; null while it only watches';
comment on column reporting.scheme.watermark is '读取进度: how far it has read Kingdee, by Kingdee''s clock';
comment on column reporting.scheme.reading_age_seconds is 'seconds since as_of';
comment on column reporting.scheme.sends is '正在发送: what is owed is sent as soon as it is due';
comment on column reporting.scheme.sending_stands_still_since is
    'since when a condition stops it; null where none does';
comment on column reporting.scheme.not_sending is '为什么不发送; empty where it sends';
comment on column reporting.scheme.update_time is '更新时间';
