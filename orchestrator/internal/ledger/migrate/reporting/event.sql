-- Each event leads by a key to what it is about, so that a page of them reads a page of those.
create or replace view reporting.event as
select e.event_number, e.create_time as event_time, e.kind,
       case e.kind when 'cancellation_settled' then '取消了结'
                   when 'cancellation_needs_attention' then '转待人工'
                   when 'cancellation_held' then '转待放行'
                   when 'cancellation_released' then '放行'
                   when 'work_item_opened' then '待办产生'
                   when 'work_item_closed' then '待办关闭'
                   when 'condition_opened' then '状况出现'
                   when 'condition_closed' then '状况结束'
                   when 'run_ended' then '读取结束'
                   when 'act' then '人工操作'
                   when 'scheme_revised' then '方案新版本'
                   else e.kind end as kind_zh,
       e.state,
       case e.state when 'done' then '已取消'
                    when 'withdrawn' then '已撤回'
                    when 'dry_run' then '仅观察'
                    when 'closed' then '已关闭'
                    when 'held' then '待放行'
                    when 'needs_attention' then '待人工'
                    when 'open' then case when e.kind = 'cancellation_released' then '待发送' else '未关闭' end
                    when 'complete' then '已完成'
                    when 'failed' then '失败'
                    when 'cancelled' then '已撤销'
                    else e.state end as state_zh,
       e.reason, e.scheme, coalesce(c.bill_id, w.bill_id) as bill_id, coalesce(c.bill_no, w.bill_no) as bill_no,
       coalesce(c.cancellation_id, nullif(w.cancellation_id, 0)) as cancellation_id, w.work_item_id,
       case when e.kind in ('condition_opened', 'condition_closed') then e.about_id end as condition_id,
       case when e.kind = 'run_ended' then e.about_id end as run_id, o.operator_action_id,
       case when e.kind = 'scheme_revised' then e.about_id end as revision, o.actor,
       case e.kind when 'work_item_opened' then w.message
                   when 'work_item_closed' then w.close_reason
                   when 'run_ended' then coalesce(nullif(r.error, ''), r.note)
                   when 'act' then o.verb_zh || case when o.reason <> '' then '：' || o.reason else '' end
                   when 'condition_opened' then n.message
                   when 'condition_closed' then n.message || '；' || n.end_reason
                   else q.order_code || ' ' || q.order_type || ' 仓库 ' || q.warehouse_code end as detail,
       e.create_time at time zone 'Asia/Shanghai' as event_time_beijing,
       case e.kind when 'act' then o.verb_zh
                   else reporting.word_zh(
                       case e.kind when 'cancellation_settled' then 'outcome'
                                   when 'cancellation_needs_attention' then 'disposition'
                                   when 'cancellation_held' then 'hold_reason'
                                   when 'work_item_opened' then 'work_kind'
                                   when 'work_item_closed' then 'work_kind'
                                   when 'condition_opened' then 'condition_kind'
                                   when 'condition_closed' then 'condition_kind'
                                   when 'run_ended' then 'run_kind'
                                   else '' end, e.reason) end as reason_zh
from voidrelay.event e
-- Without the offsets Postgres may join all that there is of a kind, and choose then.
left join lateral (
    select c.* from voidrelay.cancellation c
    where e.kind in ('cancellation_settled', 'cancellation_needs_attention', 'cancellation_held',
              'cancellation_released')
      and c.cancellation_id = e.about_id
    offset 0
) c on true
left join voidrelay.warehouse_order q on q.order_id = c.order_id
left join lateral (
    select w.* from reporting.work_item w
    where e.kind in ('work_item_opened', 'work_item_closed') and w.work_item_id = e.about_id
    offset 0
) w on true
left join lateral (
    select n.* from reporting.condition n
    where e.kind in ('condition_opened', 'condition_closed') and n.condition_id = e.about_id
    offset 0
) n on true
left join voidrelay.run r on e.kind = 'run_ended' and r.run_id = e.about_id
left join lateral (
    select o.* from reporting.operator_action o where e.kind = 'act' and o.operator_action_id = e.about_id
    offset 0
) o on true;

comment on view reporting.event is
    '事件: every change of the last 90 days, once it has committed: what settled, is held or waits for a person, what '
    'opened and closed, runs that ended, acts, revisions of schemes';
comment on column reporting.event.event_number is
    'in the order in which events could be seen: what comes later has a higher number';
comment on column reporting.event.event_time is 'when the transaction began that made the change';
comment on column reporting.event.kind_zh is '事件种类';
comment on column reporting.event.state_zh is '状态';
comment on column reporting.event.reason is
    'the outcome of a cancellation or why it waits; else the kind of the work item, condition or run, or the verb';
comment on column reporting.event.scheme is 'null for what concerns several schemes or all';
comment on column reporting.event.revision is '方案版本 that a scheme has since';
comment on column reporting.event.actor is '操作人';
comment on column reporting.event.detail is '说明';
