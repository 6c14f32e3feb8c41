-- The views for people with SQL. They are a contract: columns are added, never changed. Times are timestamptz; a "day" is a
-- day in Beijing, where both vendors' users are.

-- +goose Up

create or replace view reporting.work_item as
select w.work_item_id, w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject, w.detail,
       coalesce(k.message_zh, w.kind)
           || case when w.subject <> '' and coalesce(k.subject, '') = '' then '（' || w.subject || '）' else '' end
           || case when w.detail <> '' then '：' || w.detail else '' end as message,
       coalesce(k.action_zh, '') as action,
       coalesce(k.message_en, w.kind) as message_en,
       coalesce(k.action_en, '') as action_en,
       w.close_time is null as open, w.create_time, w.close_time, w.close_reason
from voidrelay.work_item w
left join lateral (
    select k.subject, k.message_zh, k.action_zh, k.message_en, k.action_en
    from voidrelay.work_kind k
    where k.kind = w.kind and k.subject in ('', w.subject)
    order by k.subject desc
    limit 1
) k on true;

comment on view reporting.work_item is '待办: what only a person can settle, with what happened and what to do';
comment on column reporting.work_item.message is '发生了什么';
comment on column reporting.work_item.action is '怎么处理';
comment on column reporting.work_item.subject is 'what else it is about, such as a warehouse number';

create or replace view reporting.operator_action as
select o.operator_action_id, o.create_time, o.actor, o.verb,
       case o.verb when 'set_mode' then '设置模式'
                   when 'resume' then '恢复'
                   when 'release' then '放行'
                   when 'start_run' then '请求读取'
                   when 'retry' then '重试'
                   when 'ignore' then '不取消'
                   when 'mark_done' then '标记已取消'
                   when 'reclassify' then '答复归类'
                   when 'close_work' then '关闭待办'
                   when 'pause' then '暂停发送'
                   when 'stop_all' then '全部停发'
                   when 'resume_all' then '恢复全部'
                   when 'move_watermark' then '移动读取进度'
                   when 'start_reconcile' then '请求核对'
                   when 'start_backfill' then '开始回补'
                   when 'apply_backfill' then '执行回补计划'
                   when 'cancel_backfill' then '撤销回补'
                   else o.verb end as verb_zh,
       o.scheme, o.reason, o.parameters, o.result,
       (select count(*)
        from voidrelay.operator_action_cancellation l
        where l.operator_action_id = o.operator_action_id) as changed
from voidrelay.operator_action o;

comment on view reporting.operator_action is '人工操作: what persons did, who, when and why';
comment on column reporting.operator_action.verb_zh is '操作';
comment on column reporting.operator_action.scheme is 'null for what concerns several schemes or all';
comment on column reporting.operator_action.changed is
    'how many cancellations it changed one by one, each with its history in bill_history';

-- One verdict per scheme and bill, over the cancellations of all its generations. The first of these that fits:
--   1 需人工 needs_person:       an open work item of any kind but too_late; a held cancellation, or one that
--                                needs_attention (but for too_late); a cancellation that was only decided in dry run,
--                                of a bill that is still voided and was not owed again in a later generation; an
--                                undecodable bill
--   2 处理中 in_progress:        a planned or open cancellation; the reason says why nothing is sent for it, because
--                                who only reads "being cancelled" waits for something that does not come
--   3 已取消 cancelled:          something is done and nothing was too late or left alone
--   4 部分取消 partly_cancelled: something is done, something was too late or left alone by a person
--   5 来不及 too_late:           nothing is done and something was too late
--   6 无需取消 nothing_owed:     nothing of the above: no cancellation, only withdrawn ones, orders that the WMS never
--                                had, or left alone by a person
-- A number that only an open work item knows (a bill that could never be decoded) is 需人工 as well. A number that is
-- not here is 未见此单.
create or replace view reporting.bill_verdict as
select b.scheme, b.bill_id, b.bill_no,
       case v.code when 'needs_person' then '需人工'
                   when 'in_progress' then '处理中'
                   when 'cancelled' then '已取消'
                   when 'partly_cancelled' then '部分取消'
                   when 'too_late' then '来不及'
                   else '无需取消' end as verdict,
       v.code as verdict_code,
       case v.code
           when 'needs_person' then coalesce(w.message, h.message_zh,
               case when b.class = 'undecodable' then '单据无法识别：' || b.class_reason
                    when c.needs_attention > 0 then '有 ' || c.needs_attention || ' 个仓库单等待人工处理'
                    when c.held > 0 then '有 ' || c.held || ' 个仓库单暂停发送，等待放行'
                    when s.mode = 'dry_run' then '方案处于仅观察模式，未发送'
                    else '决定时方案处于仅观察模式，未发送；方案改为发送后不会自动补发' end)
           when 'in_progress' then
               case when s.state = 'stopped' then '方案已停止，恢复后继续'
                    when not s.active then '方案已不在方案文件中，未发送'
                    when s.mode = 'dry_run' then '方案处于仅观察模式，暂不发送'
                    when exists (select from voidrelay.stop_all) then '已全部停发，恢复后继续'
                    when s.pause_reason = 'mapping_suspected' then '疑似映射有误，方案已暂停发送，恢复后继续'
                    when s.pause_reason <> '' then '方案已暂停发送，恢复后继续'
                    when c.refused then '旺店通账号不被接受，已暂停发送，恢复后自动继续'
                    when c.waiting = c.moving and c.waiting > 0 then '单据已反审核，等待期内未再审核才取消'
                    else '正在取消' end || '：共 ' || c.owed || ' 个仓库单，已取消 ' || c.done || ' 个'
           when 'cancelled' then
               c.done || ' 个仓库单已全部取消' || case when b.class = 'live' then '；单据现为有效' else '' end
           when 'partly_cancelled' then
               '共 ' || c.owed || ' 个仓库单：已取消 ' || c.done || ' 个，来不及 ' || c.too_late || ' 个，人工关闭 '
                   || c.left_alone || ' 个'
           when 'too_late' then '仓库已执行，' || c.too_late || ' 个仓库单来不及取消'
           else case
               when c.left_alone > 0 then '由人工决定不取消'
               when b.class = 'live' and c.cancellations > 0 then '单据已恢复有效，取消已撤回'
               when b.class = 'live' then '单据有效，未作废'
               when c.number_live > 0 then '单号已被另一张有效单据使用，未取消'
               when b.class = 'un_audited' and c.cancellations > 0 then '单据已反审核，取消已撤回'
               when b.class = 'un_audited' then '单据已反审核，未作废' || y.because
               when b.class = 'deleted' and c.cancellations = 0 then '单据已在金蝶删除' || y.because
               when b.class = 'never_audited' then '从未审核，旺店通没有对应的仓库单'
               when b.class = 'before_cutover' and y.because <> '' then substr(y.because, 2)
               when b.class = 'before_cutover' then '作废早于方案启用时间'
               when b.class = 'not_selected' and b.class_reason = 'selector' then substr(y.because, 2)
               when b.class = 'not_selected' then '库存组织不在方案范围内'
               when c.no_order > 0 then '旺店通从未有过对应的仓库单'
               when c.cancellations > 0 then '取消已撤回'
               else '没有属于方案范围的仓库单' || y.because end
       end as reason,
       b.org as stock_org_number, b.affair_type, b.document_status, b.cancel_status, b.modify_time, b.approve_time,
       b.cancel_time, b.read_time, b.generation, b.class, b.first_seen_time,
       c.cancellations, c.done, w.open_work_items
from voidrelay.bill b
join voidrelay.scheme s on s.scheme = b.scheme
cross join lateral (
    select coalesce('；' || case split_part(b.class_reason, ':', 1)
        when 'selector' then '方案的条件（selector）未选中该单'
        when 'trigger_not_in_scheme' then '方案不处理这种情况'
        when 'never_live' then '从未见其有效'
        when 'no_snapshot' then '没有它有效时的内容'
        when 'cutover' then
            '发生在方案加入'
                || case split_part(b.class_reason, ':', 2)
                       when 'trigger' then '触发条件 '
                       when 'organisation' then '库存组织 '
                       when 'warehouse' then '仓库 '
                       else '种类 ' end
                || split_part(b.class_reason, ':', 3) || ' 之前'
        end, '') as because
) y
cross join lateral (
    select count(*) as cancellations,
           count(*) filter (where d.state not in ('withdrawn', 'dry_run')
                                  and not (d.state = 'closed' and d.outcome = 'no_order')) as owed,
           count(*) filter (where d.state in ('planned', 'open')) as moving,
           count(*) filter (where d.state = 'open' and d.not_before > now()) as waiting,
           coalesce(bool_or(d.state = 'open'
               and exists (select from voidrelay.account_pause p where p.account = d.account)), false) as refused,
           count(*) filter (where d.state = 'held') as held,
           min(d.hold_reason) filter (where d.state = 'held') as hold_reason,
           count(*) filter (where d.state = 'needs_attention' and d.disposition <> 'too_late') as needs_attention,
           count(*) filter (where d.state in ('needs_attention', 'closed') and d.disposition = 'too_late') as too_late,
           count(*) filter (where d.state = 'dry_run' and d.generation = d.last_generation) as dryrun,
           count(*) filter (where d.state = 'done') as done,
           count(*) filter (where d.state = 'withdrawn' and d.outcome = 'number_live') as number_live,
           count(*) filter (where d.state = 'closed' and d.outcome = 'no_order'
                                  and d.disposition <> 'too_late') as no_order,
           count(*) filter (where d.state = 'closed' and d.outcome <> 'no_order'
                                  and d.disposition <> 'too_late') as left_alone
    from (
        select c.state, c.outcome, c.disposition, c.hold_reason, c.generation, c.not_before, c.account,
               max(c.generation) over (
                   partition by c.account, c.warehouse_code, c.order_code, c.order_type) as last_generation
        from voidrelay.cancellation c
        where c.scheme = b.scheme and c.bill_id = b.bill_id
    ) d
) c
cross join lateral (
    select count(*) as open_work_items,
           count(*) filter (where w.kind <> 'too_late') as pressing,
           (array_agg(w.message order by w.work_item_id) filter (where w.kind <> 'too_late'))[1] as message
    from reporting.work_item w
    where w.scheme = b.scheme and w.bill_id = b.bill_id and w.close_time is null
) w
left join voidrelay.work_kind h
    on h.kind = case when c.hold_reason in ('safety_limit_hour', 'safety_limit_day') then 'safety_limit_reached'
                     else c.hold_reason end
       and h.subject = ''
cross join lateral (
    select case
        when w.pressing > 0 or c.held > 0 or c.needs_attention > 0 or b.class = 'undecodable'
             or (c.dryrun > 0 and b.class in ('voided', 'un_audited', 'deleted')) then 'needs_person'
        when c.moving > 0 then 'in_progress'
        when c.done > 0 and c.too_late + c.left_alone = 0 then 'cancelled'
        when c.done > 0 then 'partly_cancelled'
        when c.too_late > 0 then 'too_late'
        else 'nothing_owed'
    end as code
) v
union all
select n.scheme, n.bill_id, n.bill_no, '需人工', 'needs_person', n.message,
       '', '', '', '', null, null, null, null, 0, 'undecodable', n.create_time, 0, 0, 1
from (
    select distinct on (w.scheme, w.bill_id, w.bill_no) w.scheme, w.bill_id, w.bill_no, w.message, w.create_time
    from reporting.work_item w
    where w.close_time is null and w.bill_no <> ''
      and not exists (select from voidrelay.bill b where b.scheme = w.scheme and b.bill_id = w.bill_id)
    order by w.scheme, w.bill_id, w.bill_no, w.work_item_id
) n;

comment on view reporting.bill_verdict is
    '一单一结论: one row per scheme and bill. A number without a row is 未见此单. Ask by bill_no';
comment on column reporting.bill_verdict.verdict is '结论: 已取消 处理中 需人工 来不及 部分取消 无需取消';
comment on column reporting.bill_verdict.verdict_code is
    'cancelled in_progress needs_person too_late partly_cancelled nothing_owed';
comment on column reporting.bill_verdict.reason is '为什么';
comment on column reporting.bill_verdict.bill_id is 'FID; 0 when it is not known';
comment on column reporting.bill_verdict.bill_no is
    'FBillNo as last read; Kingdee may give it again to another bill';
comment on column reporting.bill_verdict.read_time is 'when the Kingdee query that showed this left';
comment on column reporting.bill_verdict.class is
    'what the last decision made of the bill: live voided un_audited never_audited before_cutover not_selected '
    'undecodable deleted';

create or replace view reporting.cancellation_outcome as
select c.cancellation_id, c.scheme, c.business_date, c.bill_id, c.bill_no, c.generation,
       c.affair_type || '.' || c.direction as order_kind,
       c.warehouse_number, c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason,
       c.state,
       case c.state when 'planned' then '待定'
                    when 'open' then '待发送'
                    when 'held' then '暂停'
                    when 'done' then '已取消'
                    when 'needs_attention' then '待人工'
                    when 'withdrawn' then '已撤回'
                    when 'dry_run' then '仅观察'
                    else '已关闭' end as state_zh,
       c.disposition, c.vendor_message, c.outcome, c.inferred, c.hold_reason, c.evidence, c.orders_from,
       c.attempt as attempts,
       c.revision, c.run_id, c.create_time, c.decide_time, c.due_time, c.outcome_time,
       c.triggers, c.not_before
from voidrelay.cancellation c;

comment on view reporting.cancellation_outcome is
    '取消明细: one row per cancellation (this order in this warehouse must be cancelled), with how it ended';
comment on column reporting.cancellation_outcome.business_date is
    '业务日期: the bill''s date, for day-range reports';
comment on column reporting.cancellation_outcome.state_zh is '状态';
comment on column reporting.cancellation_outcome.disposition is 'what the last answer of the WMS came to';
comment on column reporting.cancellation_outcome.inferred is 'done, but the WMS did not say so itself';
comment on column reporting.cancellation_outcome.triggers is
    '原因: voided un_audited deleted, everything that called for it';
comment on column reporting.cancellation_outcome.not_before is
    'an un-audited bill may still be audited again until then';

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
       sum(coalesce((p.run_counts->>'deleted')::bigint, 0)) as deleted
from voidrelay.run p
group by p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date;

comment on view reporting.daily_run_counts is
    '每日读取计数: what the runs of a day read and what it came to; bills = live + unchanged + voided + un_audited + '
    'never_audited + before_cutover + not_selected + stale + undecodable + deleted';
comment on column reporting.daily_run_counts.day is '北京日期 on which the run began';

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

comment on view reporting.lag is
    '时效: seconds from void in Kingdee to cancelled in the WMS, one row per cancelled order';
comment on column reporting.lag.voided_time is
    '作废时间 by Kingdee''s clock; null when Kingdee gives a date only or the bill has begun a later generation';

create or replace view reporting.aging as
select a.scheme, a.state, a.age,
       case a.age when 1 then '5 分钟内'
                  when 2 then '5–60 分钟'
                  when 3 then '1–24 小时'
                  when 4 then '1–7 天'
                  else '7 天以上' end as age_zh,
       count(*) as cancellations, min(a.create_time) as oldest_time
from (
    select c.scheme, c.state, c.create_time,
           case when now() - c.create_time < interval '5 minutes' then 1
                when now() - c.create_time < interval '1 hour' then 2
                when now() - c.create_time < interval '1 day' then 3
                when now() - c.create_time < interval '7 days' then 4
                else 5 end as age
    from voidrelay.cancellation c
    where c.state in ('open', 'held', 'needs_attention')
) a
group by a.scheme, a.state, a.age;

comment on view reporting.aging is
    '账龄: cancellations that are not settled, by how long ago they were written';
comment on column reporting.aging.age is
    '1 under 5 minutes, 2 under an hour, 3 under a day, 4 under a week, 5 older';

create or replace view reporting.vendor_answer as
select v.scheme, v.account, v.disposition, v.recognised, v.vendor_flag, v.vendor_code, v.vendor_message, v.answers,
       v.first_time, v.last_time, v.example_cancellation_id, coalesce(r.disposition, '') as classified_as
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
    where o.verb = 'reclassify'
      and o.parameters->>'vendor_message' = btrim(v.vendor_message, E' \t\r\n')
      and coalesce(o.parameters->>'vendor_code', v.vendor_code) = v.vendor_code
      and coalesce(o.parameters->>'account', v.account) = v.account
    order by o.operator_action_id desc
    limit 1
) r on true;

comment on view reporting.vendor_answer is
    '旺店通答复: each text the WMS gave, how often, and what it was taken for; not recognised and not classified wants '
    'a person, and an entry in the dictionary';
comment on column reporting.vendor_answer.classified_as is
    '归类为: what a person said that it means (reclassify); empty when nobody has';

-- Each branch leads from the bill by an index, so that one bill's history never reads a whole table.
create or replace view reporting.bill_history as
select b.scheme, b.bill_id, b.bill_no, b.first_seen_time as event_time, 10 as step, 'first_seen' as event,
       '首次读到' as event_zh, b.affair_type || ' ' || b.org as detail, null::bigint as cancellation_id, 0 as attempt
from voidrelay.bill b
union all
select b.scheme, b.bill_id, b.bill_no, i.read_time, 20, 'seen_live',
       '读到有效状态（第 ' || i.generation || ' 次生效）', '', null, 0
from voidrelay.bill b
join voidrelay.bill_snapshot i on i.scheme = b.scheme and i.bill_id = b.bill_id
union all
select b.scheme, b.bill_id, b.bill_no, b.read_time, 30, 'last_read', '最近一次读取',
       '单据状态 ' || b.document_status || '，作废状态 ' || b.cancel_status || '，判定 ' || b.class, null, 0
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
       (select string_agg(case t when 'voided' then '作废' when 'un_audited' then '反审核' when 'deleted' then '删除'
                                 else t end, '、')
        from unnest(c.triggers) t)
           || '：' || c.order_code || ' ' || c.order_type || ' 仓库 ' || c.warehouse_code, c.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
union all
select b.scheme, b.bill_id, b.bill_no, a.intent_time, 50, 'attempt', '第 ' || a.attempt || ' 次请求',
       c.order_code || ' 仓库 ' || c.warehouse_code, c.cancellation_id, a.attempt
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
union all
select b.scheme, b.bill_id, b.bill_no, a.result_time, 60, 'answer', '第 ' || a.attempt || ' 次答复',
       a.disposition
           || case when a.vendor_message <> '' then '：' || a.vendor_message
                   when a.detail <> '' then '：' || a.detail else '' end,
       c.cancellation_id, a.attempt
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.attempt a on a.cancellation_id = c.cancellation_id
where a.result_time is not null
union all
select b.scheme, b.bill_id, b.bill_no, c.outcome_time, 70, 'outcome', '了结',
       c.state || case when c.outcome <> '' then '：' || c.outcome else '' end, c.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
where c.outcome_time is not null
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
select b.scheme, b.bill_id, b.bill_no, o.create_time, 85, 'operator_action', o.verb_zh,
       o.actor || '：' || o.reason, l.cancellation_id, 0
from voidrelay.bill b
join voidrelay.cancellation c on c.scheme = b.scheme and c.bill_id = b.bill_id
join voidrelay.operator_action_cancellation l on l.cancellation_id = c.cancellation_id
join reporting.operator_action o on o.operator_action_id = l.operator_action_id;

comment on view reporting.bill_history is
    '单据经过: everything that happened to a bill; ask by bill_no, order by event_time, step';
comment on column reporting.bill_history.step is 'order of events that carry the same time';
comment on column reporting.bill_history.event_zh is '事件';

create or replace view reporting.reconcile as
select s.reconcile_id, s.scheme, s.kind, case s.kind when 'recheck' then '复查' else '核对' end as kind_zh, s.revision,
       s.state,
       case s.state when 'running' then '进行中' when 'complete' then '完成' else '失败' end as state_zh,
       s.asked, s.from_time, s.to_time, s.hours, s.hours_differing, s.bills_read, s.bills_reread, s.bills_repaired,
       s.bills_missing, s.bills_gone, s.work_items, s.note, s.error, s.start_time, s.end_time
from voidrelay.reconcile s;

comment on view reporting.reconcile is
    '核对与复查: each comparison of the last 72 hours with Kingdee, and each round of the recheck over bills known '
    'live; also those that found nothing';
comment on column reporting.reconcile.hours is 'hours compared, by the latest of a bill''s four dates';
comment on column reporting.reconcile.bills_read is 'bills whose state was read';
comment on column reporting.reconcile.bills_reread is 'bills of the hours that differed, which were read again';
comment on column reporting.reconcile.bills_repaired is
    'bills of which the ledger had another picture, now put right';
comment on column reporting.reconcile.bills_missing is 'bills that Kingdee no longer shows, first noticed here';
comment on column reporting.reconcile.bills_gone is 'bills proved deleted here';

create or replace view reporting.backfill as
select b.backfill_id, b.scheme, b.state,
       case b.state when 'running' then '进行中'
                    when 'planned' then '计划完成'
                    when 'applying' then '执行中'
                    when 'complete' then '已完成'
                    when 'failed' then '失败'
                    else '已撤销' end as state_zh,
       b.plan_only, b.before_cutover, b.from_time, b.to_time, cardinality(b.numbers) as numbers, b.revision, b.actor,
       b.reason, b.create_time, b.end_time, b.cursor_id,
       coalesce((b.run_counts->>'rows')::bigint, 0) as rows_read, b.rows_outside,
       coalesce((b.run_counts->>'bills')::bigint, 0) as bills,
       coalesce((b.counts->>'new')::bigint, 0) as items_new,
       coalesce((b.counts->>'already_owed')::bigint, 0) as items_already_owed,
       coalesce((b.counts->>'settled')::bigint, 0) as items_settled,
       coalesce((b.counts->>'held')::bigint, 0) as items_held,
       coalesce((b.counts->>'refused')::bigint, 0) as items_refused,
       coalesce((b.counts->>'undecodable')::bigint, 0) as items_undecodable,
       cardinality(b.numbers_not_found) as numbers_not_found, b.error
from voidrelay.backfill b;

comment on view reporting.backfill is
    '回补: what a person asked to be read again, by dates or by numbers, and what that came to';
comment on column reporting.backfill.plan_only is 'only a plan 计划, until somebody applied it';
comment on column reporting.backfill.before_cutover is
    'also what was voided before the scheme began or before sending was switched on 含启用时间之前';
comment on column reporting.backfill.rows_outside is
    'rows read that lie behind the range, and were not decided';
comment on column reporting.backfill.items_new is 'orders that became owed by it or, in a plan, would 新增';
comment on column reporting.backfill.items_settled is 'orders that had been dealt with before 此前已了结';

create or replace view reporting.watermark_change as
select m.scheme, m.move_time, m.watermark_before, m.watermark_after, null::bigint as run_id, m.actor, m.reason
from voidrelay.watermark_change m
union all
select p.scheme, p.end_time, p.watermark_before, p.watermark_after, p.run_id, '', ''
from voidrelay.run p
where p.state = 'complete' and p.watermark_after is distinct from p.watermark_before;

comment on view reporting.watermark_change is
    '读取进度变动: each move of a watermark, by a person or by a run that found something; incremental runs that find '
    'nothing move it without a row';
comment on column reporting.watermark_change.watermark_before is 'null for the baseline';
comment on column reporting.watermark_change.run_id is 'the run that moved it; null for a person';
comment on column reporting.watermark_change.actor is '操作人; empty for a run';
comment on column reporting.watermark_change.reason is '原因';

create or replace view reporting.housekeeping as
select c.chore, c.last_run_time, c.last_error, h.housekeeping_id, h.subject, h.row_count, h.byte_count, h.remove_time
from voidrelay.chore c
left join voidrelay.housekeeping h using (chore);

comment on view reporting.housekeeping is
    '清理记录: what housekeeping removed and when it last ran; a chore that never removed anything has one row without '
    'a removal';
comment on column reporting.housekeeping.row_count is 'rows removed; of a dropped month about how many';
comment on column reporting.housekeeping.byte_count is
    'disk space given back; 0 where rows were removed from a table that stays';
