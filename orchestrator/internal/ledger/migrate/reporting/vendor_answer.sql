create or replace view reporting.vendor_answer as
select c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code,
       coalesce(t.example, a.vendor_message) as vendor_message,
       count(*) as answers, min(a.result_time) as first_time, max(a.result_time) as last_time,
       max(a.cancellation_id) as example_cancellation_id, coalesce(t.disposition, '') as classified_as, a.text_id,
       reporting.word_zh('disposition', a.disposition) as disposition_zh,
       reporting.word_zh('disposition', coalesce(t.disposition, '')) as classified_as_zh,
       min(a.result_time) at time zone 'Asia/Shanghai' as first_time_beijing,
       max(a.result_time) at time zone 'Asia/Shanghai' as last_time_beijing
from voidrelay.attempt a
join voidrelay.cancellation_now c on c.cancellation_id = a.cancellation_id
left join voidrelay.answer_text t on t.text_id = a.text_id
where a.disposition <> ''
group by c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code,
         coalesce(t.example, a.vendor_message), t.disposition, a.text_id;

comment on view reporting.vendor_answer is
    '旺店通答复: each text the WMS gave, how often, and what it was taken for; one with a text_id that nobody has '
    'classified wants a person, and an entry in the dictionary';
comment on column reporting.vendor_answer.vendor_message is
    'of a text that the adapter does not know, as it came first: answers that differ in the order''s own number, '
    'warehouse, type or a time are one';
comment on column reporting.vendor_answer.classified_as is
    '归类为: what a person said that it means (reclassify); empty when nobody has';
comment on column reporting.vendor_answer.text_id is 'the adapter does not know the text; null = it does';
