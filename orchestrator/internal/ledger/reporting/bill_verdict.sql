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
