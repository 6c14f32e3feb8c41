create or replace view reporting.vendor_answer as
select v.scheme, v.account, v.disposition, v.recognised, v.vendor_flag, v.vendor_code, v.vendor_message, v.answers,
       v.first_time, v.last_time, v.example_cancellation_id, coalesce(r.disposition, '') as classified_as
from (
    select c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message,
           count(*) as answers, min(a.result_time) as first_time, max(a.result_time) as last_time,
           max(a.cancellation_id) as example_cancellation_id
    from voidrelay.attempt a
    join voidrelay.cancellation_now c on c.cancellation_id = a.cancellation_id
    where a.disposition <> ''
    group by c.scheme, c.account, a.disposition, a.recognised, a.vendor_flag, a.vendor_code, a.vendor_message
) v
left join lateral (
    select o.parameters->>'disposition' as disposition
    from voidrelay.operator_action o
    where o.verb = 'reclassify'
      and o.parameters->'filter'->>'vendor_message' = btrim(v.vendor_message, E' \t\r\n')
      and coalesce(o.parameters->'filter'->>'vendor_code', v.vendor_code) = v.vendor_code
      and coalesce(o.parameters->'filter'->>'account', v.account) = v.account
      and coalesce(o.parameters->'filter'->>'scheme', v.scheme) = v.scheme
    order by o.operator_action_id desc
    limit 1
) r on true;

comment on view reporting.vendor_answer is
    '旺店通答复: each text the WMS gave, how often, and what it was taken for; not recognised and not classified wants '
    'a person, and an entry in the dictionary';
comment on column reporting.vendor_answer.classified_as is
    '归类为: what a person said that it means (reclassify); empty when nobody has';
