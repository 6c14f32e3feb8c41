-- Each branch leads from the bill by an index, so that one bill's history never reads a whole table. Codes are said in
-- the words of voidrelay.plain_word; one without any is shown as it is.
create or replace view reporting.bill_history as
select h.*, h.event_time at time zone 'Asia/Shanghai' as event_time_beijing
from (
select b.scheme, b.bill_id, b.bill_no, b.first_seen_time as event_time, 10 as step, 'first_seen' as event,
       '首次读到' as event_zh, concat_ws(' ', nullif(b.bill_kind, ''), b.org) as detail,
       null::bigint as cancellation_id, 0 as attempt,
       'first read' as event_en, concat_ws(' ', nullif(b.bill_kind, ''), b.org) as detail_en
from voidrelay.bill b
union all
select b.scheme, b.bill_id, b.bill_no, i.read_time, 20, 'seen_live',
       '读到有效状态（第 ' || i.generation || ' 次生效）', '', null, 0,
       'seen live (generation ' || i.generation || ')', ''
from voidrelay.bill b
join voidrelay.bill_snapshot i on i.scheme = b.scheme and i.bill_id = b.bill_id
union all
select b.scheme, b.bill_id, b.bill_no, n.note_time, 22, 'live_again', '再次有效',
       '仓库单 ' || o.order_code || '（仓库 ' || o.warehouse_code || '）此前已取消；'
           || '方案说明旺店通接受相同单号重新下单，无需处理',
       n.cancellation_id, 0, 'live again',
       'order ' || o.order_code || ' in warehouse ' || o.warehouse_code || ' was cancelled before; the WMS takes its '
           || 'number again, as the scheme says, and nothing is to do'
from voidrelay.bill b
join voidrelay.bill_live_again n on n.scheme = b.scheme and n.bill_id = b.bill_id
join voidrelay.cancellation c on c.cancellation_id = n.cancellation_id
join voidrelay.warehouse_order o on o.order_id = c.order_id
union all
select b.scheme, b.bill_id, b.bill_no, b.read_time, 30, 'last_read', '最近一次读取',
       '单据状态 ' || coalesce(d.word_zh, b.document_status)
           || case when b.closed then '，已关闭（计为作废）' else '，' || coalesce(v.word_zh, b.cancel_status) end
           || '，判定 ' || coalesce(k.word_zh, b.class), null, 0, 'last read',
       'status ' || coalesce(d.word_en, b.document_status)
           || case when b.closed then ', closed (counts as voided)'
                   else ', ' || coalesce(v.word_en, b.cancel_status) end
           || ', taken for ' || coalesce(k.word_en, b.class)
from voidrelay.bill b
left join voidrelay.plain_word d on d.about = 'document_status' and d.code = b.document_status
left join voidrelay.plain_word v on v.about = 'cancel_status' and v.code = b.cancel_status
left join voidrelay.plain_word k on k.about = 'class' and k.code = b.class
union all
select b.scheme, b.bill_id, b.bill_no, b.un_audited_since, 32, 'un_audited', '首次读到反审核', '', null, 0,
       'first read un-audited', ''
from voidrelay.bill b
where b.un_audited_since is not null
union all
select b.scheme, b.bill_id, b.bill_no, b.absent_since, 34, 'absent', '首次读不到单据', '', null, 0, 'first missing', ''
from voidrelay.bill b
where b.absent_since is not null
union all
select b.scheme, b.bill_id, b.bill_no, b.gone_time, 36, 'gone', '确认单据已删除', coalesce(y.reason_zh, b.class_reason),
       null, 0, 'proved deleted', coalesce(y.reason_en, b.class_reason)
from voidrelay.bill b
left join voidrelay.class_reason y on y.reason = b.class_reason
where b.gone_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, b.gone_time, 35, 'id_given_again', '编号已属另一张单据',
       'FID ' || b.former_id || ' 已属另一张单据', null, 0, 'its id was given again',
       'its id ' || b.former_id || ' is another bill''s'
from voidrelay.bill b
where b.former_id is not null
union all
select b.scheme, b.bill_id, b.bill_no, c.create_time, 40, 'cancellation',
       case when c.question > 0 then '追问（第 ' || c.generation || ' 次生效之后可能又生效过）'
            else '记入应取消（第 ' || c.generation || ' 次生效）' end,
       t.zh || '：' || c.order_code || ' ' || c.order_type || ' 仓库 ' || c.warehouse_code, c.cancellation_id, 0,
       case when c.question > 0 then 'asked again (it may have lived unseen after generation ' || c.generation || ')'
            else 'owed (generation ' || c.generation || ')' end,
       t.en || ': ' || c.order_code || ' ' || c.order_type || ' in warehouse ' || c.warehouse_code
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
cross join lateral (
    select string_agg(case when t.code = 'voided' and b.closed and b.generation = c.generation then '关闭'
                           else coalesce(p.word_zh, t.code) end, '、' order by t.place) as zh,
           string_agg(case when t.code = 'voided' and b.closed and b.generation = c.generation then 'closed'
                           else coalesce(p.word_en, t.code) end, ', ' order by t.place) as en
    from unnest(c.triggers) with ordinality as t (code, place)
    left join voidrelay.plain_word p on p.about = 'trigger' and p.code = t.code
) t
union all
select b.scheme, b.bill_id, b.bill_no, a.intent_time, 50, 'attempt', '第 ' || a.attempt || ' 次请求',
       c.order_code || ' 仓库 ' || c.warehouse_code, c.cancellation_id, a.attempt, 'request ' || a.attempt,
       c.order_code || ' in warehouse ' || c.warehouse_code
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
union all
select b.scheme, b.bill_id, b.bill_no, a.result_time, 60, 'answer', '第 ' || a.attempt || ' 次答复',
       concat_ws('：', coalesce(p.word_zh, a.disposition), coalesce(nullif(a.vendor_message, ''), nullif(a.detail, ''))),
       c.cancellation_id, a.attempt, 'answer ' || a.attempt,
       concat_ws(': ', coalesce(p.word_en, a.disposition), coalesce(nullif(a.vendor_message, ''), nullif(a.detail, '')))
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
left join voidrelay.plain_word p on p.about = 'disposition' and p.code = a.disposition
where a.result_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, h.hold_time, 45, 'held', '转待放行', coalesce(p.word_zh, h.hold_reason),
       c.cancellation_id, 0, 'held', coalesce(p.word_en, h.hold_reason)
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.cancellation_hold h on h.cancellation_id = c.cancellation_id
left join voidrelay.plain_word p on p.about = 'hold_reason' and p.code = h.hold_reason
union all
select b.scheme, b.bill_id, b.bill_no, e.outcome_time, 70, 'outcome', '了结',
       concat_ws('：', coalesce(s.word_zh, e.state), coalesce(p.word_zh, nullif(e.outcome, '')))
           || case when e.same_order_as is not null then '（同一仓库单，随取消记录 ' || e.same_order_as || '）' else '' end,
       c.cancellation_id, 0, 'settled',
       concat_ws(': ', coalesce(s.word_en, e.state), coalesce(p.word_en, nullif(e.outcome, '')))
           || case when e.same_order_as is not null then ' (the same order as cancellation ' || e.same_order_as || ')'
                   else '' end
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.outcome e on e.cancellation_id = c.cancellation_id
left join voidrelay.plain_word s on s.about = 'state' and s.code = e.state
left join voidrelay.plain_word p on p.about = 'outcome' and p.code = e.outcome
union all
select w.scheme, w.bill_id, w.bill_no, w.create_time, 80, 'work_item', '转人工', w.message,
       nullif(w.cancellation_id, 0), 0, 'work item', w.message_en
from reporting.work_item w
where w.bill_no <> ''
union all
select w.scheme, w.bill_id, w.bill_no, w.close_time, 90, 'work_item_closed', '人工事项关闭',
       coalesce(p.word_zh, y.zh, w.close_reason),
       nullif(w.cancellation_id, 0), 0, 'work item closed',
       coalesce(p.word_en, y.en, w.close_reason)
from reporting.work_item w
left join voidrelay.plain_word p on p.about = 'close_reason' and p.code = w.close_reason
left join voidrelay.plain_word a on a.about = 'close_act' and a.code = split_part(w.close_reason, ' ', 1)
    and w.close_reason like '% by %'
cross join lateral (
    select substr(w.close_reason, strpos(w.close_reason, ' by ') + 4) as whom
    offset 0
) x
cross join lateral (
    select case a.code when 'taken' then '由取消记录' || substr(x.whom, length('cancellation ')) || ' 接替'
                       else a.word_zh || '：' || x.whom end as zh,
           a.word_en || ': ' || x.whom as en
) y
where w.bill_no <> '' and w.close_time is not null
union all
select l.scheme, l.bill_id, l.bill_no, l.create_time, 80, 'work_item', '转人工', w.message, null, 0, 'work item',
       w.message_en
from voidrelay.work_item_bill l
join reporting.work_item w using (work_item_id)
union all
select l.scheme, l.bill_id, l.bill_no, w.close_time, 90, 'work_item_closed', '人工事项关闭',
       coalesce(p.word_zh, y.zh, w.close_reason), null, 0,
       'work item closed',
       coalesce(p.word_en, y.en, w.close_reason)
from voidrelay.work_item_bill l
join voidrelay.work_item w using (work_item_id)
left join voidrelay.plain_word p on p.about = 'close_reason' and p.code = w.close_reason
left join voidrelay.plain_word a on a.about = 'close_act' and a.code = split_part(w.close_reason, ' ', 1)
    and w.close_reason like '% by %'
cross join lateral (
    select substr(w.close_reason, strpos(w.close_reason, ' by ') + 4) as whom
    offset 0
) x
cross join lateral (
    select case a.code when 'taken' then '由取消记录' || substr(x.whom, length('cancellation ')) || ' 接替'
                       else a.word_zh || '：' || x.whom end as zh,
           a.word_en || ': ' || x.whom as en
) y
where w.close_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, o.create_time, 85, 'operator_action', o.verb_zh,
       o.actor || '：' || o.reason, l.cancellation_id, 0, replace(o.verb, '_', ' '), o.actor || ': ' || o.reason
from voidrelay.bill b
join voidrelay.cancellation_now c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.operator_action_cancellation l on l.cancellation_id = c.cancellation_id
join reporting.operator_action o on o.operator_action_id = l.operator_action_id
) h;

comment on view reporting.bill_history is
    '单据经过: everything that happened to a bill; ask by bill_no, order by event_time, step';
comment on column reporting.bill_history.step is 'order of events that carry the same time';
comment on column reporting.bill_history.event_zh is '事件';
comment on column reporting.bill_history.detail is '说明';
comment on column reporting.bill_history.event_en is 'event_zh in English';
comment on column reporting.bill_history.detail_en is 'detail in English';
