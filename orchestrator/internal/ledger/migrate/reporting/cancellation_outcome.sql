create or replace view reporting.cancellation_outcome as
select c.cancellation_id, c.scheme, c.business_date, c.bill_id, c.bill_no, c.generation,
       concat_ws('.', nullif(c.bill_kind, ''), c.direction) as order_kind,
       c.warehouse_number, c.account, c.warehouse_code, c.order_code, c.order_type, c.cancel_reason,
       c.state,
       reporting.word_zh('state', c.state) as state_zh,
       c.disposition, c.vendor_message, c.outcome, c.inferred, c.hold_reason, c.evidence, c.orders_from,
       c.attempt as attempts,
       c.revision, c.run_id, c.create_time, c.decide_time, c.due_time, c.outcome_time,
       c.triggers, c.not_before,
       (select r.as_of from reporting.reading r where r.scheme = c.scheme) as as_of,
       (select r.stands_still from reporting.reading r where r.scheme = c.scheme) as reading_stands_still,
       (select r.standing from reporting.reading r where r.scheme = c.scheme) as standing,
       c.same_order_as,
       c.question,
       reporting.word_zh('outcome', c.outcome) as outcome_zh,
       coalesce(w.warehouse_name, '') as warehouse_name,
       concat_ws('·', nullif(reporting.word_zh('bill_kind', c.bill_kind), ''),
                 reporting.word_zh('direction', c.direction)) as order_kind_zh,
       reporting.word_zh('disposition', c.disposition) as disposition_zh,
       reporting.word_zh('hold_reason', c.hold_reason) as hold_reason_zh,
       reporting.word_zh('evidence', c.evidence) as evidence_zh,
       reporting.word_zh('orders_from', c.orders_from) as orders_from_zh,
       (select string_agg(reporting.word_zh('trigger', t.code), '、' order by t.place)
        from unnest(c.triggers) with ordinality as t (code, place)) as triggers_zh,
       c.create_time at time zone 'Asia/Shanghai' as create_time_beijing,
       c.decide_time at time zone 'Asia/Shanghai' as decide_time_beijing,
       c.due_time at time zone 'Asia/Shanghai' as due_time_beijing,
       c.outcome_time at time zone 'Asia/Shanghai' as outcome_time_beijing,
       c.not_before at time zone 'Asia/Shanghai' as not_before_beijing,
       (select r.as_of_beijing from reporting.reading r where r.scheme = c.scheme) as as_of_beijing
from voidrelay.cancellation_now c
left join voidrelay.scheme_warehouse w on w.scheme = c.scheme and w.warehouse_number = c.warehouse_number;

comment on view reporting.cancellation_outcome is
    '取消明细: one row per cancellation (this order in this warehouse must be cancelled), with how it ended';
comment on column reporting.cancellation_outcome.business_date is
    '业务日期: the bill''s date, for day-range reports';
comment on column reporting.cancellation_outcome.state_zh is '状态';
comment on column reporting.cancellation_outcome.disposition is 'what the last answer of the WMS came to';
comment on column reporting.cancellation_outcome.question is
    '追问: 0 = owed; 1, 2, … = asked again, because the bill may have lived unseen';
comment on column reporting.cancellation_outcome.outcome_zh is '结果: why it ended, in words';
comment on column reporting.cancellation_outcome.warehouse_name is
    '仓库名称: as the newest revision of the scheme calls it; empty where it does not say';
comment on column reporting.cancellation_outcome.inferred is 'done, but the WMS did not say so itself';
comment on column reporting.cancellation_outcome.triggers is
    '原因: voided un_audited deleted, everything that called for it';
comment on column reporting.cancellation_outcome.not_before is
    'an un-audited bill may still be audited again until then';
comment on column reporting.cancellation_outcome.as_of is
    '截至: up to when the bills of its scheme were read';
comment on column reporting.cancellation_outcome.reading_stands_still is
    'nothing was read since as_of: what became of the bill meanwhile is not known';
comment on column reporting.cancellation_outcome.standing is
    '现在不知道 and why, also before the baseline is complete; empty while reading goes on';
comment on column reporting.cancellation_outcome.same_order_as is
    '同一仓库单: the cancellation that is, or was, sent for the same order; this one stands and ends with it. Empty = it '
    'is sent itself';
