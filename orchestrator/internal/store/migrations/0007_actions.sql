-- What people do about single cancellations, and what the table of answers needs to count.

-- +goose Up

alter table cancellation
    add column unsent_time timestamptz,
    add column unsent_for interval not null default '0';
comment on column cancellation.unsent_time is 'when it last could not be sent';
comment on column cancellation.unsent_for is 'how much of the time since unsent_since the WMS answered others of the account: what retry_for counts';

create table wms_answer (
    account     text primary key,
    answer_time timestamptz not null
) with (fillfactor = 50);
comment on table wms_answer is 'when the WMS last answered anybody of an account, to within seconds: tells an outage, which gives nobody to a person, from a request that alone does not get through';

-- An act may be about no scheme or about several.
alter table operator_action alter column scheme drop not null;

create table operator_action_cancellation (
    operator_action_id bigint not null references operator_action,
    cancellation_id    bigint not null references cancellation,
    primary key (operator_action_id, cancellation_id)
);
create index operator_action_cancellation_history on operator_action_cancellation (cancellation_id);
comment on table operator_action_cancellation is 'each cancellation that an act changed';

create view reporting.operator_action as
select o.operator_action_id, o.create_time, o.actor, o.verb,
       case o.verb when 'set_mode' then '设置模式' when 'resume' then '恢复' when 'release' then '放行' when 'start_run' then '请求读取'
                   when 'retry' then '重试' when 'ignore' then '不取消' when 'mark_done' then '标记已取消' when 'reclassify' then '答复归类'
                   when 'close_work' then '关闭待办' when 'pause' then '暂停发送' when 'stop_all' then '全部停发' when 'resume_all' then '恢复全部'
                   when 'move_watermark' then '移动读取进度' when 'start_reconcile' then '请求核对' when 'start_backfill' then '开始回补'
                   when 'apply_backfill' then '执行回补计划' when 'cancel_backfill' then '撤销回补' else o.verb end as verb_zh,
       o.scheme, o.reason, o.parameters, o.result,
       (select count(*) from voidrelay.operator_action_cancellation l where l.operator_action_id = o.operator_action_id) as changed
from voidrelay.operator_action o;
comment on view reporting.operator_action is '人工操作: what persons did, who, when and why';
comment on column reporting.operator_action.verb_zh is '操作';
comment on column reporting.operator_action.scheme is 'null for what concerns several schemes or all';
comment on column reporting.operator_action.changed is 'how many cancellations it changed one by one, each with its history in bill_history';

create or replace view reporting.vendor_answer as
select v.scheme, v.account, v.disposition, v.recognised, v.vendor_flag, v.vendor_code, v.vendor_message, v.answers, v.first_time, v.last_time,
       v.example_cancellation_id, coalesce(r.disposition, '') as classified_as
from (
    select c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message,
           count(*) as answers, min(a.result_time) as first_time, max(a.result_time) as last_time,
           max(a.cancellation_id) as example_cancellation_id
    from voidrelay.attempt a
    join voidrelay.cancellation c on c.cancellation_id = a.cancellation_id
    where a.disposition <> ''
    group by c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message
) v
left join lateral (
    select o.parameters->>'disposition' as disposition
    from voidrelay.operator_action o
    where o.verb = 'reclassify' and o.parameters->>'vendor_message' = btrim(v.vendor_message, E' \t\r\n')
      and coalesce(o.parameters->>'vendor_code', v.vendor_code) = v.vendor_code and coalesce(o.parameters->>'account', v.account) = v.account
    order by o.operator_action_id desc
    limit 1
) r on true;
comment on view reporting.vendor_answer is '旺店通答复: each text the WMS gave, how often, and what it was taken for; not recognised and not classified wants a person, and an entry in the dictionary';
comment on column reporting.vendor_answer.classified_as is '归类为: what a person said that it means (reclassify); empty when nobody has';

create or replace view reporting.lag as
select c.scheme, c.cancellation_id, c.bill_id, c.bill_no, c.warehouse_code, c.order_code, c.business_date,
       v.void_time as voided_time, c.decide_time as decided_time, c.outcome_time as cancelled_time,
       extract(epoch from c.outcome_time - v.void_time) as void_to_cancel_seconds,
       extract(epoch from c.outcome_time - c.decide_time) as decide_to_cancel_seconds,
       c.attempt as attempts
from voidrelay.cancellation c
left join voidrelay.bill b on b.scheme = c.scheme and b.bill_id = c.bill_id
cross join lateral (
    select case when b.generation = c.generation and not b.cancel_is_date then b.generation_cancel end as void_time
) v
where c.state = 'done' and c.outcome <> 'marked_done';

-- The history as it stands, and what persons did. "create or replace" keeps the rights and the comments on it.
-- +goose StatementBegin
do $$
begin
    execute 'create or replace view reporting.bill_history as '
        || rtrim(pg_get_viewdef('reporting.bill_history'::regclass), E'; \n')
        || $more$
union all
select b.scheme, b.bill_id, b.bill_no, o.create_time, 85, 'operator_action', o.verb_zh,
       o.actor || '：' || o.reason, l.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.operator_action_cancellation l on l.cancellation_id = c.cancellation_id
join reporting.operator_action o on o.operator_action_id = l.operator_action_id$more$;
end
$$;
-- +goose StatementEnd
