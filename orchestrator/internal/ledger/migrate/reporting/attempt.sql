create or replace view reporting.attempt as
select a.cancellation_id, a.attempt, c.scheme, c.bill_id, c.bill_no, c.generation, c.warehouse_number, c.order_id,
       o.account, o.warehouse_code, o.order_code, o.order_type, a.intent_time, a.send_before, a.send_time, a.reply_time,
       a.result_time,
       extract(epoch from a.reply_time - a.send_time)::double precision as reply_seconds, a.disposition,
       reporting.word_zh('disposition', a.disposition) as disposition_zh, a.recognised, a.http_status, a.vendor_flag,
       a.vendor_code, a.vendor_message, a.detail, a.dictionary, a.text_id,
       a.intent_time at time zone 'Asia/Shanghai' as intent_time_beijing,
       a.send_before at time zone 'Asia/Shanghai' as send_before_beijing,
       a.send_time at time zone 'Asia/Shanghai' as send_time_beijing,
       a.reply_time at time zone 'Asia/Shanghai' as reply_time_beijing,
       a.result_time at time zone 'Asia/Shanghai' as result_time_beijing
from voidrelay.attempt a
join voidrelay.cancellation c on c.cancellation_id = a.cancellation_id
join voidrelay.warehouse_order o on o.order_id = c.order_id;

comment on view reporting.attempt is
    '请求: one row per request to the WMS, written before the request left. What stands for the same order as another '
    'cancellation has no request of its own';
comment on column reporting.attempt.attempt is '第几次请求: the first is 1; with cancellation_id the key';
comment on column reporting.attempt.intent_time is '写入时间: when it was written, before anything was sent';
comment on column reporting.attempt.send_before is '最晚发出: it was not to leave later than that';
comment on column reporting.attempt.send_time is '发出时间: when it left; null where that is not known';
comment on column reporting.attempt.reply_time is '答复时间: when the reply was there; null without one';
comment on column reporting.attempt.result_time is
    '结果时间: when its result was written; null = it may be under way, and may have reached the WMS';
comment on column reporting.attempt.reply_seconds is '用时: seconds from send_time to reply_time';
comment on column reporting.attempt.disposition is '答复含义: what the answer means; empty = no result yet';
comment on column reporting.attempt.recognised is 'the dictionary knows the text of the answer';
comment on column reporting.attempt.http_status is 'HTTP status of the reply; 0 without one';
comment on column reporting.attempt.detail is '说明: what our adapter says of it';
comment on column reporting.attempt.dictionary is '答复词典: the version by which it was read';
comment on column reporting.attempt.text_id is
    'the text of the answer is one that the dictionary does not know; null = it does';
