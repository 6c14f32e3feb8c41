create or replace view reporting.lag as
select c.scheme, c.cancellation_id, c.bill_id, c.bill_no, c.warehouse_code, c.order_code, c.business_date,
       v.void_time as voided_time, c.decide_time as decided_time, c.outcome_time as cancelled_time,
       extract(epoch from c.outcome_time - v.void_time)::double precision as void_to_cancel_seconds,
       extract(epoch from c.outcome_time - c.decide_time)::double precision as decide_to_cancel_seconds,
       c.attempt as attempts, v.void_time at time zone 'Asia/Shanghai' as voided_time_beijing,
       c.decide_time at time zone 'Asia/Shanghai' as decided_time_beijing,
       c.outcome_time at time zone 'Asia/Shanghai' as cancelled_time_beijing
from voidrelay.cancellation_now c
left join voidrelay.bill b on b.scheme = c.scheme and b.bill_id = c.bill_id
cross join lateral (
    select case when b.generation = c.generation and not b.cancel_is_date then b.generation_cancel end as void_time
) v
where c.state = 'done' and c.outcome <> 'marked_done' and c.question = 0;

comment on view reporting.lag is
    '时效: seconds from void in Kingdee to cancelled in the WMS, one row per cancelled order';
comment on column reporting.lag.voided_time is
    '作废时间 by Kingdee''s clock; null when Kingdee gives a date only or the bill has begun a later generation';
