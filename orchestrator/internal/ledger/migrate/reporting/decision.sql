-- By when each was decided: where a cancellation stands apart from what it is, so that a few days are found by the
-- index of scheme and time in either table.
create or replace view reporting.decision as
select d.scheme, d.decide_time, d.cancellation_id, c.bill_id, c.bill_no, c.warehouse_number, c.question, d.state,
       reporting.word_zh('state', d.state) as state_zh, d.outcome,
       reporting.word_zh('outcome', d.outcome) as outcome_zh,
       d.disposition, reporting.word_zh('disposition', d.disposition) as disposition_zh, d.inferred, d.outcome_time,
       v.void_time,
       extract(epoch from d.outcome_time - d.decide_time)::double precision as decide_to_outcome_seconds,
       extract(epoch from d.outcome_time - v.void_time)::double precision as void_to_outcome_seconds,
       d.decide_time at time zone 'Asia/Shanghai' as decide_time_beijing,
       d.outcome_time at time zone 'Asia/Shanghai' as outcome_time_beijing,
       v.void_time at time zone 'Asia/Shanghai' as void_time_beijing
from (
    select e.scheme, e.decide_time, e.cancellation_id, e.state, e.outcome, e.disposition, e.inferred, e.outcome_time
    from voidrelay.outcome e
    where e.revoke_time is null
    union all
    select u.scheme, u.decide_time, u.cancellation_id, u.state, '', u.disposition, false, null
    from voidrelay.unsettled_cancellation u
    union all
    select s.scheme, s.decide_time, s.cancellation_id, u.state, '', u.disposition, false, null
    from voidrelay.shared_cancellation s
    join voidrelay.unsettled_cancellation u on u.cancellation_id = s.same_order_as
) d
join voidrelay.cancellation c on c.cancellation_id = d.cancellation_id
left join voidrelay.bill b on b.scheme = d.scheme and b.bill_id = c.bill_id
cross join lateral (
    select case when b.generation = c.generation and not b.cancel_is_date then b.generation_cancel end as void_time
) v;

comment on view reporting.decision is
    '判定明细: one row per cancellation by when it was decided, with how long it took; ask by scheme and a range of '
    'decide_time. What a day came to: reporting.day_quality';
comment on column reporting.decision.void_time is
    '作废时间 by Kingdee''s clock; null when Kingdee gives a date only or the bill has begun a later generation';
comment on column reporting.decision.decide_to_outcome_seconds is
    '用时: seconds from decided to settled; null while it is not';
comment on column reporting.decision.void_to_outcome_seconds is '用时: seconds from void in Kingdee to settled';
