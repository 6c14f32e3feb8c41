create or replace view reporting.work_item as
select w.work_item_id, w.scheme, w.kind, w.bill_id, w.bill_no, w.cancellation_id, w.subject,
       coalesce(l.numbers, w.detail) as detail,
       replace(coalesce(k.message_zh, w.kind), '{waiting}', coalesce(t.waiting, 0)::text)
           || case when w.subject <> '' and coalesce(k.subject, '') = '' and t.text_id is null
                   then '（' || w.subject || '）' else '' end
           || case when coalesce(l.numbers, w.detail) <> '' then '：' || coalesce(l.numbers, w.detail) else '' end
           as message,
       replace(replace(replace(replace(coalesce(k.action_zh, ''), '{scheme}', w.scheme),
           '{id}', w.cancellation_id::text), '{item}', w.work_item_id::text),
           '{bill}', '''' || replace(w.bill_no, '''', '''\''''') || '''') as action,
       replace(coalesce(k.message_en, w.kind), '{waiting}', coalesce(t.waiting, 0)::text) as message_en,
       replace(replace(replace(replace(coalesce(k.action_en, ''), '{scheme}', w.scheme),
           '{id}', w.cancellation_id::text), '{item}', w.work_item_id::text),
           '{bill}', '''' || replace(w.bill_no, '''', '''\''''') || '''') as action_en,
       w.close_time is null as open, w.create_time, w.close_time, w.close_reason,
       (select r.as_of from reporting.reading r where r.scheme = w.scheme) as as_of,
       (select r.stands_still from reporting.reading r where r.scheme = w.scheme) as reading_stands_still,
       (select r.standing from reporting.reading r where r.scheme = w.scheme) as standing,
       coalesce(t.waiting, 0) as waiting, coalesce(t.answers, 0) as answers, t.first_time, t.last_time,
       reporting.word_zh('work_kind', w.kind) as kind_zh,
       w.create_time at time zone 'Asia/Shanghai' as create_time_beijing,
       w.close_time at time zone 'Asia/Shanghai' as close_time_beijing,
       (select r.as_of_beijing from reporting.reading r where r.scheme = w.scheme) as as_of_beijing,
       t.first_time at time zone 'Asia/Shanghai' as first_time_beijing,
       t.last_time at time zone 'Asia/Shanghai' as last_time_beijing
from voidrelay.work_item w
left join lateral (
    select k.subject, k.message_zh, k.action_zh, k.message_en, k.action_en
    from voidrelay.work_kind k
    where k.kind = w.kind and k.subject in ('', w.subject)
    order by k.subject desc
    limit 1
) k on true
-- The bills of an item that many have in common; the view work_item_bill has all of them.
left join lateral (
    select string_agg(case when b.place <= 20 then b.bill_no else '…' end, ', ' order by b.place) as numbers
    from (
        select b.bill_no, row_number() over (order by b.bill_id) as place
        from voidrelay.work_item_bill b
        where b.work_item_id = w.work_item_id
        order by b.bill_id
        limit 21
    ) b
) l on true
left join lateral (
    select t.text_id, t.answers, t.first_time, t.last_time,
           (select count(*) from voidrelay.unsettled_cancellation u where u.text_id = t.text_id and u.awaits_text)
               as waiting
    from voidrelay.answer_text t
    where w.kind = 'answer_unrecognised' and t.text_id::text = w.subject
    offset 0
) t on true;

comment on view reporting.work_item is '待办: what only a person can settle, with what happened and what to do';
comment on column reporting.work_item.message is '发生了什么';
comment on column reporting.work_item.action is '怎么处理';
comment on column reporting.work_item.waiting is
    'of answer_unrecognised: how many orders wait, open, until somebody says what the text means';
comment on column reporting.work_item.answers is 'of answer_unrecognised: how often the text came';
comment on column reporting.work_item.first_time is 'of answer_unrecognised: when the text came first';
comment on column reporting.work_item.last_time is 'of answer_unrecognised: when it came last';
comment on column reporting.work_item.subject is 'what else it is about, such as a warehouse number';
comment on column reporting.work_item.as_of is
    '截至: up to when the bills of its scheme were read';
comment on column reporting.work_item.reading_stands_still is
    'nothing was read since as_of: what became of the bill meanwhile is not known';
comment on column reporting.work_item.standing is
    '现在不知道 and why, also before the baseline is complete; empty while reading goes on';
