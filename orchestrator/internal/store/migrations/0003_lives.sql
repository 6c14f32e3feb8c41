-- Three triggers: a bill that is voided, un-audited or deleted. What is owed says for which of them, a part that was added to a scheme
-- has a cutover of its own, and the views speak of all of it.

-- +goose Up

alter table bill drop constraint bill_class_check;
alter table bill add constraint bill_class_check
    check (class in ('live', 'voided', 'un_audited', 'never_audited', 'before_cutover', 'not_selected', 'undecodable', 'deleted'));
alter table bill add column un_audited_since timestamptz;
alter table bill add column un_audit_time timestamptz;
alter table bill add column absent_since timestamptz;
alter table bill add column gone_time timestamptz;
comment on column bill.un_audited_since is 'the first of the reads in a row that showed it neither live nor voided, once it had been live: a dwell counts from it';
comment on column bill.un_audit_time is 'the latest moment at which that can have happened: what cutovers are compared with';
comment on column bill.absent_since is 'the first reconcile run in which it was missing; null again as soon as it is read';
comment on column bill.gone_time is 'when it was proved gone: its states are the last that it was seen in';
update bill set un_audited_since = read_time, un_audit_time = read_time
where ever_live and cancel_status <> 'B' and document_status <> 'C';

alter table cancellation add column not_before timestamptz;
comment on column cancellation.triggers is 'everything that ever called for it, in one generation';
comment on column cancellation.not_before is 'the end of the dwell, while an un-audit is all that calls for it; the read before the request must be later';
create index cancellation_number_live on cancellation (scheme, due_time) where state = 'withdrawn' and outcome = 'number_live';
create index cancellation_number_live_no on cancellation (bill_no) where state = 'withdrawn' and outcome = 'number_live';

create table scheme_cutover (
    scheme     text not null references scheme,
    kind       text not null check (kind in ('trigger', 'organisation', 'warehouse', 'order_kind')),
    name       text not null,
    cutover_time timestamptz,
    revision   integer not null,
    primary key (scheme, kind, name)
);
comment on table scheme_cutover is 'what a later revision added to a scheme counts from here on: what happened before owes nothing through it, also for bills once seen live';
comment on column scheme_cutover.name is 'as the scheme names it; * for all organisations that have no row of their own';
comment on column scheme_cutover.cutover_time is 'null: from the beginning; such a row keeps the one for * from counting';

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('number_reuse_unsaid', '', '单据已反审核，方案未说明旺店通是否接受同一单号再次下单，未发送', '确认该单不会再审核、或旺店通接受同一单号后放行（release）；属实可在方案写明 un_audited.number_reuse: true',
    'the bill is un-audited, and the scheme does not say whether the WMS takes the same number again; nothing was sent',
    'release it if the bill will not be audited again or the WMS takes the number again; if it always does, say un_audited.number_reuse: true in the scheme');

-- One verdict per scheme and bill, over the cancellations of all its generations. The first of these that fits:
--   1 需人工 needs_person:     an open work item of any kind but too_late; a held cancellation, or one that needs_attention, (but too_late); a cancellation that was only
--                             dryRun, of a bill that is still voided and was not owed again in a later generation; an undecodable bill
--   2 处理中 in_progress:      a planned or open cancellation
--   3 已取消 cancelled:        something is done and nothing was too late or left alone
--   4 部分取消 partly_cancelled: something is done, something was too late or left alone by a person
--   5 来不及 too_late:         nothing is done and something was too late
--   6 无需取消 nothing_owed:   nothing of the above: no cancellation, only withdrawn ones, orders that the WMS never had, or left alone by a person
-- A number that only an open work item knows (a bill that could never be decoded) is 需人工 as well. A number that is not here is 未见此单.
create or replace view reporting.bill_verdict as
select b.scheme, b.bill_id, b.bill_no,
       case v.code when 'needs_person' then '需人工' when 'in_progress' then '处理中' when 'cancelled' then '已取消'
                   when 'partly_cancelled' then '部分取消' when 'too_late' then '来不及' else '无需取消' end as verdict,
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
                    when s.mode = 'dry_run' then '方案处于仅观察模式，暂不发送'
                    when c.waiting = c.moving and c.waiting > 0 then '单据已反审核，等待期内未再审核才取消'
                    else '正在取消' end || '：共 ' || c.owed || ' 个仓库单，已取消 ' || c.done || ' 个'
           when 'cancelled' then c.done || ' 个仓库单已全部取消' || case when b.class = 'live' then '；单据现为有效' else '' end
           when 'partly_cancelled' then '共 ' || c.owed || ' 个仓库单：已取消 ' || c.done || ' 个，来不及 ' || c.too_late || ' 个，人工关闭 ' || c.left_alone || ' 个'
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
       b.org as stock_org_number, b.affair_type, b.document_status, b.cancel_status, b.modify_time, b.approve_time, b.cancel_time,
       b.read_time, b.generation, b.class, b.first_seen_time,
       c.cancellations, c.done, w.open_work_items
from voidrelay.bill b
join voidrelay.scheme s on s.scheme = b.scheme
cross join lateral (
    select coalesce('；' || case split_part(b.class_reason, ':', 1)
        when 'selector' then '方案的条件（selector）未选中该单'
        when 'trigger_not_in_scheme' then '方案不处理这种情况'
        when 'never_live' then '从未见其有效'
        when 'no_snapshot' then '没有它有效时的内容'
        when 'cutover' then '发生在方案加入' || case split_part(b.class_reason, ':', 2) when 'trigger' then '触发条件 ' when 'organisation' then '库存组织 '
            when 'warehouse' then '仓库 ' else '种类 ' end || split_part(b.class_reason, ':', 3) || ' 之前'
        end, '') as because
) y
cross join lateral (
    select count(*) as cancellations,
           count(*) filter (where d.state not in ('withdrawn', 'dry_run') and not (d.state = 'closed' and d.outcome = 'no_order')) as owed,
           count(*) filter (where d.state in ('planned', 'open')) as moving,
           count(*) filter (where d.state = 'open' and d.not_before > now()) as waiting,
           count(*) filter (where d.state = 'held') as held,
           min(d.hold_reason) filter (where d.state = 'held') as hold_reason,
           count(*) filter (where d.state = 'needs_attention' and d.disposition <> 'too_late') as needs_attention,
           count(*) filter (where d.state in ('needs_attention', 'closed') and d.disposition = 'too_late') as too_late,
           count(*) filter (where d.state = 'dry_run' and d.generation = d.last_generation) as dryRun,
           count(*) filter (where d.state = 'done') as done,
           count(*) filter (where d.state = 'withdrawn' and d.outcome = 'number_live') as number_live,
           count(*) filter (where d.state = 'closed' and d.outcome = 'no_order' and d.disposition <> 'too_late') as no_order,
           count(*) filter (where d.state = 'closed' and d.outcome <> 'no_order' and d.disposition <> 'too_late') as left_alone
    from (
        select c.state, c.outcome, c.disposition, c.hold_reason, c.generation, c.not_before,
               max(c.generation) over (partition by c.account, c.warehouse_code, c.order_code, c.order_type) as last_generation
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
    on h.kind = case when c.hold_reason in ('safety_limit_hour', 'safety_limit_day') then 'safety_limit_reached' else c.hold_reason end and h.subject = ''
cross join lateral (
    select case
        when w.pressing > 0 or c.held > 0 or c.needs_attention > 0 or b.class = 'undecodable'
             or (c.dryRun > 0 and b.class in ('voided', 'un_audited', 'deleted')) then 'needs_person'
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
create or replace view reporting.cancellation_outcome as
select c.cancellation_id, c.scheme, c.business_date, c.bill_id, c.bill_no, c.generation, c.affair_type || '.' || c.direction as order_kind,
       c.warehouse_number, c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason,
       c.state,
       case c.state when 'planned' then '待定' when 'open' then '待发送' when 'held' then '暂停' when 'done' then '已取消'
                    when 'needs_attention' then '待人工' when 'withdrawn' then '已撤回' when 'dry_run' then '仅观察' else '已关闭' end as state_zh,
       c.disposition, c.vendor_message, c.outcome, c.inferred, c.hold_reason, c.evidence, c.orders_from, c.attempt as attempts,
       c.revision, c.run_id, c.create_time, c.decide_time, c.due_time, c.outcome_time,
       c.triggers, c.not_before
from voidrelay.cancellation c;
comment on column reporting.cancellation_outcome.triggers is '原因: voided un_audited deleted, everything that called for it';
comment on column reporting.cancellation_outcome.not_before is 'an un-audited bill may still be audited again until then';

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
comment on view reporting.daily_run_counts is '每日读取计数: what the runs of a day read and what it came to; bills = live + unchanged + voided + un_audited + never_audited + before_cutover + not_selected + stale + undecodable + deleted';

-- Each branch leads from the bill by an index, so that one bill's history never reads a whole table.
create or replace view reporting.bill_history as
select b.scheme, b.bill_id, b.bill_no, b.first_seen_time as event_time, 10 as step, 'first_seen' as event, '首次读到' as event_zh,
       b.affair_type || ' ' || b.org as detail, null::bigint as cancellation_id, 0 as attempt
from voidrelay.bill b
union all
select b.scheme, b.bill_id, b.bill_no, i.read_time, 20, 'seen_live', '读到有效状态（第 ' || i.generation || ' 次生效）', '', null, 0
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
select b.scheme, b.bill_id, b.bill_no, c.create_time, 40, 'cancellation', '记入应取消（第 ' || c.generation || ' 次生效）',
       (select string_agg(case t when 'voided' then '作废' when 'un_audited' then '反审核' when 'deleted' then '删除' else t end, '、') from unnest(c.triggers) t)
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
       a.disposition || case when a.vendor_message <> '' then '：' || a.vendor_message when a.detail <> '' then '：' || a.detail else '' end,
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
select w.scheme, w.bill_id, w.bill_no, w.create_time, 80, 'work_item', '转人工', w.message, nullif(w.cancellation_id, 0), 0
from reporting.work_item w
where w.bill_no <> ''
union all
select w.scheme, w.bill_id, w.bill_no, w.close_time, 90, 'work_item_closed', '人工事项关闭', w.close_reason, nullif(w.cancellation_id, 0), 0
from reporting.work_item w
where w.bill_no <> '' and w.close_time is not null;
comment on column reporting.bill_verdict.class is 'what the last decision made of the bill: live voided un_audited never_audited before_cutover not_selected undecodable deleted';
