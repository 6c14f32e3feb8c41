-- One verdict per scheme and bill, over the cancellations of all its generations. What it is, and why, the table
-- voidrelay.verdict decides (rule/verdict_row.go, which migrate writes there): of its rows that fit the bill's class
-- and the facts about it, the first. This view finds the facts. Where reading stands still, words say so before
-- anything else: the verdict is of what was read last. A number that is not here is 未见此单, as far as
-- reporting.reading goes. A question that is under way, or found nothing to cancel, changes no verdict.
create or replace view reporting.bill_verdict as
select v.*, reporting.word_zh('bill_kind', v.bill_kind) as bill_kind_zh,
       reporting.word_zh('document_status', v.document_status) as document_status_zh,
       reporting.word_zh('cancel_status', v.cancel_status) as cancel_status_zh,
       reporting.word_zh('class', v.class) as class_zh,
       v.modify_time at time zone 'Asia/Shanghai' as modify_time_beijing,
       v.approve_time at time zone 'Asia/Shanghai' as approve_time_beijing,
       v.cancel_time at time zone 'Asia/Shanghai' as cancel_time_beijing,
       v.read_time at time zone 'Asia/Shanghai' as read_time_beijing,
       v.first_seen_time at time zone 'Asia/Shanghai' as first_seen_time_beijing,
       v.as_of at time zone 'Asia/Shanghai' as as_of_beijing
from (
select b.scheme, b.bill_id, b.bill_no,
       case when r.stands_still then '现在不知道，此前：' else '' end || v.verdict_zh as verdict,
       v.verdict as verdict_code,
       case when r.stands_still then r.standing || '。此前：'
            when r.standing <> '' then r.standing || '，其他单据可能还没有读到。本单：' else '' end
       || format(v.reason_zh, w.message, h.message_zh, b.class_reason, y.because, c.owed, c.done, c.held,
                 c.needs_attention, c.too_late, c.left_alone, o.message_zh) as reason,
       b.org as stock_org_number, b.bill_kind, b.document_status, b.cancel_status, b.modify_time, b.approve_time,
       b.cancel_time, b.read_time, b.generation, b.class, b.first_seen_time,
       c.cancellations, c.done, w.open_work_items, greatest(r.as_of, b.read_time) as as_of,
       r.stands_still as reading_stands_still, r.standing
from voidrelay.bill b
join voidrelay.scheme s on s.scheme = b.scheme
left join lateral (
    select replace(r.reason_zh, '{part}', split_part(b.class_reason, ':', 3)) as because
    from voidrelay.class_reason r
    where r.reason = regexp_replace(b.class_reason, '^(cutover:[^:]*):.*$', '\1')
) y on true
cross join lateral (
    select count(*) as cancellations,
           count(*) filter (where d.state not in ('withdrawn', 'dry_run')
                                  and not (d.state = 'closed' and d.outcome = 'no_order')) as owed,
           count(*) filter (where d.state in ('planned', 'open')) as moving,
           count(*) filter (where d.state = 'open' and d.not_before > now()) as waiting,
           count(*) filter (where d.state = 'open' and d.claimed_since is not null) as claim_unconfirmed,
           array_agg(d.account) filter (where d.state in ('planned', 'open')) as accounts,
           bool_and(d.triggers = array['un_audited']) filter (where d.state in ('planned', 'open')) as only_un_audited,
           count(*) filter (where d.awaits_text and d.state = 'open') as awaiting_text,
           count(*) filter (where d.state = 'held') as held,
           min(d.hold_reason) filter (where d.state = 'held') as hold_reason,
           count(*) filter (where d.state = 'needs_attention' and d.disposition <> 'too_late') as needs_attention,
           count(*) filter (where d.state in ('needs_attention', 'closed') and d.disposition = 'too_late') as too_late,
           count(*) filter (where d.state = 'dry_run' and d.generation = d.last_generation) as dryrun,
           count(*) filter (where d.state = 'done') as done,
           count(*) filter (where d.state = 'withdrawn' and d.outcome = 'order_claimed') as order_claimed,
           count(*) filter (where d.state = 'closed' and d.outcome = 'no_order'
                                  and d.disposition <> 'too_late') as no_order,
           count(*) filter (where d.state = 'closed' and d.outcome <> 'no_order'
                                  and d.disposition <> 'too_late') as left_alone
    from (
        select c.state, c.outcome, c.disposition, c.hold_reason, c.generation, c.not_before, c.account,
               c.triggers, c.awaits_text, c.claimed_since, max(c.generation) over (
                   partition by c.account, c.warehouse_code, c.order_code, c.order_type) as last_generation
        from voidrelay.cancellation_now c
        where c.scheme = b.scheme and c.bill_id = b.bill_id
          and not (c.question > 0 and (c.state in ('planned', 'open', 'withdrawn') and not c.awaits_text
                                       or c.outcome = 'nothing_to_cancel'))
    ) d
) c
cross join lateral (
    select count(*) as open_work_items,
           count(*) filter (where w.kind <> 'too_late') as pressing,
           (array_agg(w.message order by w.work_item_id) filter (where w.kind <> 'too_late'))[1] as message
    from (
        select w.kind, w.message, w.work_item_id
        from reporting.work_item w
        where w.scheme = b.scheme and w.bill_id = b.bill_id and w.close_time is null
        union all
        select w.kind, w.message, w.work_item_id
        from voidrelay.work_item_bill l
        join reporting.work_item w using (work_item_id)
        where l.scheme = b.scheme and l.bill_id = b.bill_id and w.close_time is null
    ) w
) w
left join lateral (
    select k.kind, k.message_zh from voidrelay.work_kind k where k.kind = c.hold_reason and k.subject = ''
    union all
    select k.kind, k.message_zh
    from voidrelay.condition_kind k
    where k.kind = 'safety_limit' and k.reason = c.hold_reason
) h on true
-- What only a person ends outweighs what ends by itself; of two alike, the older one.
left join lateral (
    select k.message_zh
    from voidrelay.condition o
    cross join lateral (
        select replace(replace(k.message_zh, '{account}', o.account), '{trigger}', o.trigger) as message_zh
        from voidrelay.condition_kind k
        where k.kind = o.kind and k.reason in ('', o.reason)
        order by k.reason desc
        limit 1
    ) k
    where c.moving > 0 and o.end_time is null and (o.blocks_sending or o.blocks_reading) and o.host = ''
      and (o.trigger in ('', 'voided') or o.trigger = 'un_audited' and c.only_un_audited)
      and coalesce(o.scheme, b.scheme) = b.scheme and o.data_center_id in ('', s.data_center_id)
      and (o.account = '' or o.account = any (c.accounts))
    order by o.by_person desc, o.condition_id
    limit 1
) o on true
-- "offset 0": one row for a bill's scheme, which Postgres keeps from bill to bill.
cross join lateral (
    select r.as_of, r.stands_still, r.standing
    from reporting.reading r
    where r.scheme = b.scheme
    offset 0
) r
-- "offset 0": the facts are found once for a bill, not once for each row of the table.
cross join lateral (
    select array_remove(array[
        case when w.pressing > 0 then 'work' end,
        case when c.held > 0 then 'held' end,
        case when h.kind is not null then 'held_known' end,
        case when c.needs_attention > 0 then 'needs_attention' end,
        case when c.awaiting_text > 0 then 'awaits_text' end,
        case when c.dryrun > 0 then 'dry_run' end,
        case when c.cancellations > 0 then 'owed' end,
        case when c.moving > 0 then 'moving' end,
        case when c.done > 0 then 'done' end,
        case when c.too_late > 0 then 'too_late' end,
        case when c.left_alone > 0 then 'left_alone' end,
        case when c.no_order > 0 then 'no_order' end,
        case when c.order_claimed > 0 then 'order_claimed' end,
        case when not s.active then 'inactive' end,
        case when s.mode = 'dry_run' then 'only_watching' end,
        case when o.message_zh is not null then 'blocked' end,
        case when c.waiting > 0 and c.waiting = c.moving then 'dwelling' end,
        case when c.claim_unconfirmed > 0 and c.claim_unconfirmed = c.moving then 'claim_unconfirmed' end,
        case when y.because is not null then 'explained' end
    ], null) as facts
    offset 0
) f
cross join lateral (
    select v.verdict, v.verdict_zh, v.reason_zh
    from voidrelay.verdict v
    where (v.classes = '{}' or b.class = any (v.classes)) and v.facts <@ f.facts
    order by v.place
    limit 1
) v
union all
-- A number that only an open work item knows: a bill that could never be decoded.
select n.scheme, n.bill_id, n.bill_no, case when r.stands_still then '现在不知道，此前：' else '' end || v.verdict_zh,
       v.verdict,
       case when r.stands_still then r.standing || '。此前：'
            when r.standing <> '' then r.standing || '，其他单据可能还没有读到。本单：' else '' end
       || format(v.reason_zh, n.message),
       '', '', '', '', null, null, null, null, 0, 'undecodable', n.create_time, 0, 0, 1, r.as_of, r.stands_still,
       r.standing
from (
    select distinct on (w.scheme, w.bill_id, w.bill_no) w.scheme, w.bill_id, w.bill_no, w.message, w.create_time
    from reporting.work_item w
    where w.close_time is null and w.bill_no <> ''
      and not exists (select from voidrelay.bill b where b.scheme = w.scheme and b.bill_id = w.bill_id)
    order by w.scheme, w.bill_id, w.bill_no, w.work_item_id
) n
join reporting.reading r on r.scheme = n.scheme
cross join lateral (
    select v.verdict, v.verdict_zh, v.reason_zh
    from voidrelay.verdict v
    where (v.classes = '{}' or 'undecodable' = any (v.classes)) and v.facts <@ '{work}'
    order by v.place
    limit 1
) v
) v;

comment on view reporting.bill_verdict is
    '一单一结论: one row per scheme and bill. A number without a row is 未见此单. Ask by bill_no';
comment on column reporting.bill_verdict.verdict is
    '结论: 已取消 处理中 需人工 来不及 部分取消 无需取消; while reading stands still 现在不知道 comes first';
comment on column reporting.bill_verdict.verdict_code is
    'cancelled in_progress needs_person too_late partly_cancelled nothing_owed; of what was read last: see '
    'reading_stands_still';
comment on column reporting.bill_verdict.reason is '为什么';
comment on column reporting.bill_verdict.bill_id is 'FID; 0 when it is not known';
comment on column reporting.bill_verdict.bill_no is
    'FBillNo as last read; Kingdee may give it again to another bill';
comment on column reporting.bill_verdict.read_time is 'when the Kingdee query that showed this left';
comment on column reporting.bill_verdict.as_of is
    '截至: up to when it is known: the last complete run of the scheme, or a later read of the bill';
comment on column reporting.bill_verdict.reading_stands_still is
    'nothing was read since as_of: what became of the bill meanwhile is not known';
comment on column reporting.bill_verdict.standing is
    '现在不知道 and why, also before the baseline is complete; empty while reading goes on';
comment on column reporting.bill_verdict.class is
    'what the last decision made of the bill: live voided un_audited never_audited never_seen_live '
    'before_cutover not_selected outside undecodable deleted';
