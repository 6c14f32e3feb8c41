create or replace view reporting.work_item_bill as
select w.scheme, b.work_item_id, w.kind, w.subject, b.bill_id, b.bill_no, b.create_time, w.close_time is null as open,
       reporting.word_zh('work_kind', w.kind) as kind_zh,
       b.create_time at time zone 'Asia/Shanghai' as create_time_beijing
from voidrelay.work_item_bill b
join voidrelay.work_item w using (work_item_id);

comment on view reporting.work_item_bill is
    '待办涉及的单据: the bills that wait for a work item which many have in common, such as one about a warehouse';
comment on column reporting.work_item_bill.create_time is 'since when this bill waits for it';
