-- What people read: the words for each kind of trouble, and views for people with SQL. The views are a contract: columns are
-- added, never changed. Times are timestamptz; a "day" is a day in Beijing, where both vendors' users are.

-- +goose Up

create table work_kind (
    kind       text not null,
    subject    text not null default '',
    message_zh text not null,
    action_zh  text not null,
    message_en text not null,
    action_en  text not null,
    primary key (kind, subject)
);
comment on table work_kind is 'what a kind of work item means and what to do about it: the one place for these words, used by the views and by REST';
comment on column work_kind.subject is 'empty = the kind in general; else the words for this subject only (such as one reason of scheme_stopped)';

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('too_late', '', '仓库已执行该单，旺店通来不及取消', '与仓库核对实物和库存，在旺店通手工冲销',
    'the warehouse has worked on the order; it is too late to cancel', 'check goods and stock with the warehouse and reverse it by hand in the WMS'),
('rejected', '', '旺店通拒绝取消', '按返回的原因在旺店通处理，需要时手工取消该单',
    'the WMS refused the cancel for a known reason', 'settle the reason in the WMS and cancel the order by hand if needed'),
('answer_unrecognised', '', '旺店通的答复不在词典内，多次重试仍未取消', '在旺店通查看该单状态，需要时手工取消；并把答复原文加入词典（WMS_DICTIONARY）',
    'the WMS keeps answering something that the dictionary does not know', 'look at the order in the WMS, cancel it by hand if needed, and add the text to the dictionary (WMS_DICTIONARY)'),
('order_not_found', '', '旺店通找不到该单，超过等待时间', '核对单号、仓库和单据类型的映射；若旺店通确实没有该单，则无需处理',
    'the WMS does not know the order, longer than the grace', 'check number, warehouse and type of the mapping; if there is no such order, there is nothing to do'),
('in_progress_too_long', '', '旺店通一直答复“拦截中”', '与仓库确认拦截结果，需要时在旺店通手工取消',
    'the WMS keeps saying that the cancel is under way', 'ask the warehouse what came of it, and cancel the order by hand if needed'),
('not_sent_too_long', '', '请求长时间未能发出', '检查旺店通连接和限流；该单需要时在旺店通手工取消',
    'the request could not be sent for a long time', 'check connection and rate limit of the WMS; cancel this order by hand if needed'),
('outcome_unknown', '', '多次请求都没有得到明确结果，可能已取消，也可能没有', '在旺店通查看该单状态，需要时手工取消',
    'no request got a clear answer; it may or may not be cancelled', 'look at the order in the WMS and cancel it by hand if needed'),
('wms_auth', '', '旺店通不接受我方身份', '检查旺店通账号、密钥和接口权限',
    'the WMS does not accept our credentials', 'check account, key and permission of the interface'),
('bill_unread', '', '长时间无法从金蝶读到该单据，未发送任何请求', '检查金蝶连接、账号权限，以及单据是否已被删除',
    'the bill could not be read from Kingdee for a long time; nothing was sent', 'check connection, permissions and whether the bill was deleted'),
('restored_after_cancel', '', '取消请求可能已到达旺店通，但单据又恢复有效', '在旺店通查看该单；若已取消而单据仍有效，需重新下推',
    'a cancel may have reached the WMS and the bill is live again', 'look at the order in the WMS; if it is cancelled, push the bill again'),
('order_vanished', '', '单据修改后少了原来的仓库，原仓库单可能仍在旺店通', '在旺店通查看原仓库的单据，需要时手工取消',
    'the bill no longer has a warehouse that it had; that order may still be in the WMS', 'look for the order of that warehouse in the WMS and cancel it by hand if needed'),
('warehouse_not_mapped', '', '仓库不在方案的仓库对照表内', '把该仓库加入方案的对照表；若它不归旺店通管理，则无需处理',
    'the warehouse is not in the scheme''s table', 'add it to the table; if the WMS does not run it, there is nothing to do'),
('clock_suspect', '', '时间戳或时区与金蝶服务器时钟不符，读取进度暂停前移', '核对金蝶服务器时间与 KINGDEE_TIME_ZONE，恢复正常后自动继续',
    'a stamp or the zone does not fit Kingdee''s clock; the watermark stands still', 'compare the server''s time and KINGDEE_TIME_ZONE; it goes on by itself once they fit'),
('bill_without_lines', '', '单据已作废，但没有任何行，无法得知对应的仓库单', '在旺店通查看是否有该单号的单据，需要时手工取消',
    'the bill is voided and has no lines, so nothing tells which order it gave rise to', 'look for its number in the WMS and cancel the order by hand if needed'),
('bill_undecodable', '', '单据数据不完整或无法识别，已停下', '在金蝶检查该单据的必填字段，修正后自动恢复',
    'the bill cannot be decoded', 'check its mandatory fields in Kingdee; it goes on by itself once they are right'),
('safety_limit_reached', '', '短时间内新取消数量超过上限，全部暂停发送', '确认这批作废属实后放行（release）',
    'too many new cancellations in a short time; nothing of them is sent', 'make sure that these voids are meant, then release'),
('number_taken', '', '该单号可能已被另一张有效单据使用，未发送', '在金蝶确认单号归属，属实再放行（release）',
    'another live bill may carry this number; nothing was sent', 'find out in Kingdee whose number it is, then release it if it is this bills'),
('no_event_time', '', '单据没有任何日期可判断作废是否早于启用，未发送', '在金蝶确认作废时间，晚于启用再放行（release）',
    'no date tells whether it was voided before the start; nothing was sent', 'find out in Kingdee when it was voided, then release it if that was after the start'),
('request_refused', '', '取消请求的内容不合规，未发送', '按提示修正方案的映射或单据内容',
    'the request was refused before it was sent', 'correct the mapping or the bill as the detail says'),
('scheme_inactive', '', '方案已不在方案文件中，但还有未了结的取消，不再发送', '把方案放回方案文件（SCHEMES_FILE）；若确实停用，在旺店通核对这些单据，需要时手工取消',
    'the scheme is no longer in the file, and what it still owes is not sent', 'put it back into the file (SCHEMES_FILE); if it is meant to be gone, look at these orders in the WMS and cancel them by hand if needed'),
('scheme_stopped', '', '方案已停止，不再读取和发送', '按停止原因处理后恢复（resume）',
    'the scheme is stopped; it neither reads nor sends', 'settle the reason, then resume it'),
('scheme_stopped', 'DATA_CENTER_DIFFERS', '方案已停止：金蝶登录的数据中心与方案不一致', '核对 KINGDEE_ACCT_ID 和方案里的数据中心，改正后恢复（resume）',
    'the scheme is stopped: the login is to another data centre than the scheme''s', 'check KINGDEE_ACCT_ID and the scheme''s data centre, then resume it'),
('scheme_stopped', 'ENVIRONMENT_DIFFERS', '方案已停止：读取进度是在另一种环境（正式或沙箱）下建立的', '改回原来的环境，或换一个新方案名；改正后恢复（resume）',
    'the scheme is stopped: its watermark was made on the other kind of server (real or sandbox)', 'go back to that one or give the scheme a new name, then resume it'),
('scheme_stopped', 'ENVIRONMENTS_MIXED', '方案已停止：金蝶和旺店通一个是正式、一个是沙箱', '两边都用正式环境或都用沙箱，改正后恢复（resume）',
    'the scheme is stopped: one of Kingdee and the WMS is real, the other a sandbox', 'use two real ones or two sandboxes, then resume it'),
('scheme_stopped', 'SCHEME_NOT_ALLOWED', '方案已停止：方案不允许用于该环境', '按说明补全方案（正式环境需要 examples），改正后恢复（resume）',
    'the scheme is stopped: it may not be used here as it is', 'complete the scheme as the detail says (real vendors need examples), then resume it'),
('scheme_stopped', 'ALL_BILLS_UNDECODABLE', '方案已停止：整页单据都无法识别，疑似字段或权限有变', '核对金蝶账号的字段权限和方案字段，改正后恢复（resume）',
    'the scheme is stopped: no bill of a whole page can be decoded', 'check the user''s field permissions and the scheme''s fields, then resume it'),
('scheme_stopped', 'WMS_ACCOUNT_DIFFERS', '方案已停止：旺店通账号与首次使用时不同', '核对 WMS 账号配置；确需更换请用新的方案名，否则改回后恢复（resume）',
    'the scheme is stopped: the WMS account is another one than the scheme began with', 'go back to that account or give the scheme a new name, then resume it'),
('scheme_stopped', 'WMS_ACCOUNT_UNKNOWN', '方案已停止：方案引用的旺店通账号没有配置', '补上 WMS 账号配置，或改正方案的仓库对照表，再恢复（resume）',
    'the scheme is stopped: a WMS account that it names is not configured', 'configure the account or correct the warehouse table, then resume it'),
('scheme_stopped', 'FIELD_UNKNOWN', '方案已停止：金蝶不认识方案要读的字段', '核对方案的字段名，改正后恢复（resume）',
    'the scheme is stopped: Kingdee does not know a field that it reads', 'check the scheme''s field names, then resume it');

create index work_item_bill_no on work_item (bill_no) where bill_no <> '';

create schema reporting;
comment on schema reporting is 'voidrelay: what became of voided bills. Read only; the tables behind it may change';

create view reporting.work_item as
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

-- One verdict per scheme and bill, over the cancellations of all its generations. The first of these that fits:
--   1 需人工 needs_person:     an open work item of any kind but too_late; a held cancellation, or one that needs_attention, (but too_late); a cancellation that was only
--                             dryRun, of a bill that is still voided and was not owed again in a later generation; an undecodable bill
--   2 处理中 in_progress:      a planned or open cancellation
--   3 已取消 cancelled:        something is done and nothing was too late or left alone
--   4 部分取消 partly_cancelled: something is done, something was too late or left alone by a person
--   5 来不及 too_late:         nothing is done and something was too late
--   6 无需取消 nothing_owed:   nothing of the above: no cancellation, only withdrawn ones, orders that the WMS never had, or left alone by a person
-- A number that only an open work item knows (a bill that could never be decoded) is 需人工 as well. A number that is not here is 未见此单.
create view reporting.bill_verdict as
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
                    else '正在取消' end || '：共 ' || c.owed || ' 个仓库单，已取消 ' || c.done || ' 个'
           when 'cancelled' then c.done || ' 个仓库单已全部取消' || case when b.class = 'live' then '；单据现为有效' else '' end
           when 'partly_cancelled' then '共 ' || c.owed || ' 个仓库单：已取消 ' || c.done || ' 个，来不及 ' || c.too_late || ' 个，人工关闭 ' || c.left_alone || ' 个'
           when 'too_late' then '仓库已执行，' || c.too_late || ' 个仓库单来不及取消'
           else case
               when c.left_alone > 0 then '由人工决定不取消'
               when b.class = 'live' and c.cancellations > 0 then '单据已恢复有效，取消已撤回'
               when b.class = 'live' then '单据有效，未作废'
               when b.class = 'un_audited' then '单据已反审核，未作废'
               when b.class = 'never_audited' then '从未审核，旺店通没有对应的仓库单'
               when b.class = 'before_cutover' then '作废早于方案启用时间'
               when b.class = 'not_selected' then '库存组织不在方案范围内'
               when c.no_order > 0 then '旺店通从未有过对应的仓库单'
               when c.cancellations > 0 then '取消已撤回'
               else '没有属于方案范围的仓库单' end
       end as reason,
       b.org as stock_org_number, b.affair_type, b.document_status, b.cancel_status, b.modify_time, b.approve_time, b.cancel_time,
       b.read_time, b.generation, b.class, b.first_seen_time,
       c.cancellations, c.done, w.open_work_items
from voidrelay.bill b
join voidrelay.scheme s on s.scheme = b.scheme
cross join lateral (
    select count(*) as cancellations,
           count(*) filter (where d.state not in ('withdrawn', 'dry_run') and not (d.state = 'closed' and d.outcome = 'no_order')) as owed,
           count(*) filter (where d.state in ('planned', 'open')) as moving,
           count(*) filter (where d.state = 'held') as held,
           min(d.hold_reason) filter (where d.state = 'held') as hold_reason,
           count(*) filter (where d.state = 'needs_attention' and d.disposition <> 'too_late') as needs_attention,
           count(*) filter (where d.state in ('needs_attention', 'closed') and d.disposition = 'too_late') as too_late,
           count(*) filter (where d.state = 'dry_run' and d.generation = d.last_generation) as dryRun,
           count(*) filter (where d.state = 'done') as done,
           count(*) filter (where d.state = 'closed' and d.outcome = 'no_order' and d.disposition <> 'too_late') as no_order,
           count(*) filter (where d.state = 'closed' and d.outcome <> 'no_order' and d.disposition <> 'too_late') as left_alone
    from (
        select c.state, c.outcome, c.disposition, c.hold_reason, c.generation,
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
             or (c.dryRun > 0 and b.class in ('voided', 'un_audited')) then 'needs_person'
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
comment on view reporting.bill_verdict is '一单一结论: one row per scheme and bill. A number without a row is 未见此单. Ask by bill_no';
comment on column reporting.bill_verdict.verdict is '结论: 已取消 处理中 需人工 来不及 部分取消 无需取消';
comment on column reporting.bill_verdict.verdict_code is 'cancelled in_progress needs_person too_late partly_cancelled nothing_owed';
comment on column reporting.bill_verdict.reason is '为什么';
comment on column reporting.bill_verdict.bill_id is 'FID; 0 when it is not known';
comment on column reporting.bill_verdict.bill_no is 'FBillNo as last read; Kingdee may give it again to another bill';
comment on column reporting.bill_verdict.read_time is 'when the Kingdee query that showed this left';
comment on column reporting.bill_verdict.class is 'what the last decision made of the bill: live voided un_audited never_audited before_cutover not_selected undecodable';

create view reporting.cancellation_outcome as
select c.cancellation_id, c.scheme, c.business_date, c.bill_id, c.bill_no, c.generation, c.affair_type || '.' || c.direction as order_kind,
       c.warehouse_number, c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason,
       c.state,
       case c.state when 'planned' then '待定' when 'open' then '待发送' when 'held' then '暂停' when 'done' then '已取消'
                    when 'needs_attention' then '待人工' when 'withdrawn' then '已撤回' when 'dry_run' then '仅观察' else '已关闭' end as state_zh,
       c.disposition, c.vendor_message, c.outcome, c.inferred, c.hold_reason, c.evidence, c.orders_from, c.attempt as attempts,
       c.revision, c.run_id, c.create_time, c.decide_time, c.due_time, c.outcome_time
from voidrelay.cancellation c;
comment on view reporting.cancellation_outcome is '取消明细: one row per cancellation (this order in this warehouse must be cancelled), with how it ended';
comment on column reporting.cancellation_outcome.business_date is '业务日期: the bill''s date, for day-range reports';
comment on column reporting.cancellation_outcome.state_zh is '状态';
comment on column reporting.cancellation_outcome.disposition is 'what the last answer of the WMS came to';
comment on column reporting.cancellation_outcome.inferred is 'done, but the WMS did not say so itself';

create view reporting.daily_run_counts as
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
       sum(coalesce((p.run_counts->>'orders_no_warehouse')::bigint, 0)) as orders_no_warehouse
from voidrelay.run p
group by p.scheme, (p.start_time at time zone 'Asia/Shanghai')::date;
comment on view reporting.daily_run_counts is '每日读取计数: what the runs of a day read and what it came to; bills = live + unchanged + voided + un_audited + never_audited + before_cutover + not_selected + stale + undecodable';
comment on column reporting.daily_run_counts.day is '北京日期 on which the run began';

create view reporting.lag as
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
where c.state = 'done';
comment on view reporting.lag is '时效: seconds from void in Kingdee to cancelled in the WMS, one row per cancelled order';
comment on column reporting.lag.voided_time is '作废时间 by Kingdee''s clock; null when Kingdee gives a date only or the bill has begun a later generation';

create view reporting.aging as
select a.scheme, a.state, a.age,
       case a.age when 1 then '5 分钟内' when 2 then '5–60 分钟' when 3 then '1–24 小时' when 4 then '1–7 天' else '7 天以上' end as age_zh,
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
comment on view reporting.aging is '账龄: cancellations that are not settled, by how long ago they were written';
comment on column reporting.aging.age is '1 under 5 minutes, 2 under an hour, 3 under a day, 4 under a week, 5 older';

create view reporting.vendor_answer as
select c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message,
       count(*) as answers, min(a.result_time) as first_time, max(a.result_time) as last_time,
       max(a.cancellation_id) as example_cancellation_id
from voidrelay.attempt a
join voidrelay.cancellation c on c.cancellation_id = a.cancellation_id
where a.disposition <> ''
group by c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message;
comment on view reporting.vendor_answer is '旺店通答复: each text the WMS gave, how often, and what it was taken for; recognised = false wants an entry in the dictionary';

-- Each branch leads from the bill by an index, so that one bill's history never reads a whole table.
create view reporting.bill_history as
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
select b.scheme, b.bill_id, b.bill_no, c.create_time, 40, 'cancellation', '记入应取消（第 ' || c.generation || ' 次生效）',
       c.order_code || ' ' || c.order_type || ' 仓库 ' || c.warehouse_code, c.cancellation_id, 0
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
comment on view reporting.bill_history is '单据经过: everything that happened to a bill; ask by bill_no, order by event_time, step';
comment on column reporting.bill_history.step is 'order of events that carry the same time';
comment on column reporting.bill_history.event_zh is '事件';
