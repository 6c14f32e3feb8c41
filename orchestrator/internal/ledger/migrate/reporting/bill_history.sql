-- Each branch leads from the bill by an index, so that one bill's history never reads a whole table.
create or replace view reporting.bill_history as
select b.scheme, b.bill_id, b.bill_no, b.first_seen_time as event_time, 10 as step, 'first_seen' as event,
       '首次读到' as event_zh, concat_ws(' ', nullif(b.bill_kind, ''), b.org) as detail,
       null::bigint as cancellation_id, 0 as attempt
from voidrelay.bill b
union all
select b.scheme, b.bill_id, b.bill_no, i.read_time, 20, 'seen_live',
       '读到有效状态（第 ' || i.generation || ' 次生效）', '', null, 0
from voidrelay.bill b
join voidrelay.bill_snapshot i on i.scheme = b.scheme and i.bill_id = b.bill_id
union all
select b.scheme, b.bill_id, b.bill_no, b.read_time, 30, 'last_read', '最近一次读取',
       '单据状态 ' || b.document_status
           || case when b.closed then '，已关闭（计为作废）' else '，作废状态 ' || b.cancel_status end
           || '，判定 ' || b.class, null, 0
from voidrelay.bill b
union all
select b.scheme, b.bill_id, b.bill_no, b.un_audited_since, 32, 'un_audited', '首次读到反审核', '', null, 0
from voidrelay.bill b
where b.un_audited_since is not null
union all
select b.scheme, b.bill_id, b.bill_no, b.absent_since, 34, 'absent', '首次读不到单据', '', null, 0
from voidrelay.bill b
where b.absent_since is not null
union all
select b.scheme, b.bill_id, b.bill_no, b.gone_time, 36, 'gone', '确认单据已删除', b.class_reason, null, 0
from voidrelay.bill b
where b.gone_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, c.create_time, 40, 'cancellation',
       '记入应取消（第 ' || c.generation || ' 次生效）',
       (select string_agg(case t when 'voided' then case when b.closed and b.generation = c.generation then '关闭'
                                                         else '作废' end
                                 when 'un_audited' then '反审核' when 'deleted' then '删除' else t end, '、')
        from unnest(c.triggers) t)
           || '：' || c.order_code || ' ' || c.order_type || ' 仓库 ' || c.warehouse_code, c.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
union all
select b.scheme, b.bill_id, b.bill_no, a.intent_time, 50, 'attempt', '第 ' || a.attempt || ' 次请求',
       c.order_code || ' 仓库 ' || c.warehouse_code, c.cancellation_id, a.attempt
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
union all
select b.scheme, b.bill_id, b.bill_no, a.result_time, 60, 'answer', '第 ' || a.attempt || ' 次答复',
       a.disposition
           || case when a.vendor_message <> '' then '：' || a.vendor_message
                   when a.detail <> '' then '：' || a.detail else '' end,
       c.cancellation_id, a.attempt
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
where a.result_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, h.hold_time, 45, 'held', '转待放行', h.hold_reason, c.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.cancellation_hold h on h.cancellation_id = c.cancellation_id
union all
select b.scheme, b.bill_id, b.bill_no, e.outcome_time, 70, 'outcome', '了结',
       e.state || case when e.outcome <> '' then '：' || e.outcome else '' end
           || case when e.same_order_as is not null then '（同一仓库单，随取消记录 ' || e.same_order_as || '）' else '' end,
       c.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.outcome e on e.cancellation_id = c.cancellation_id
union all
select w.scheme, w.bill_id, w.bill_no, w.create_time, 80, 'work_item', '转人工', w.message,
       nullif(w.cancellation_id, 0), 0
from reporting.work_item w
where w.bill_no <> ''
union all
select w.scheme, w.bill_id, w.bill_no, w.close_time, 90, 'work_item_closed', '人工事项关闭', w.close_reason,
       nullif(w.cancellation_id, 0), 0
from reporting.work_item w
where w.bill_no <> '' and w.close_time is not null
union all
select l.scheme, l.bill_id, l.bill_no, l.create_time, 80, 'work_item', '转人工', w.message, null, 0
from voidrelay.work_item_bill l
join reporting.work_item w using (work_item_id)
union all
select l.scheme, l.bill_id, l.bill_no, w.close_time, 90, 'work_item_closed', '人工事项关闭', w.close_reason, null, 0
from voidrelay.work_item_bill l
join voidrelay.work_item w using (work_item_id)
where w.close_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, o.create_time, 85, 'operator_action', o.verb_zh,
       o.actor || '：' || o.reason, l.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.operator_action_cancellation l on l.cancellation_id = c.cancellation_id
join reporting.operator_action o on o.operator_action_id = l.operator_action_id;

comment on view reporting.bill_history is
    '单据经过: everything that happened to a bill; ask by bill_no, order by event_time, step';
comment on column reporting.bill_history.step is 'order of events that carry the same time';
comment on column reporting.bill_history.event_zh is '事件';
