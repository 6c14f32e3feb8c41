-- A claim holds its order until its bill is voided or gone. An un-audited bill holds it only where its scheme does not
-- act on that: the engine decides that by docs/rules.md, rule 2; this view says what the ledger saw last.
create or replace view reporting.claim as
select c.order_id, o.account, o.warehouse_code, o.order_code, o.order_type, c.scheme, c.bill_id, b.bill_no,
       c.generation,
       c.revision, b.class, reporting.word_zh('class', b.class) as class_zh,
       b.class not in ('voided', 'deleted') as holds, c.create_time,
       c.create_time at time zone 'Asia/Shanghai' as create_time_beijing
from voidrelay.claim c
join voidrelay.warehouse_order o on o.order_id = c.order_id
join voidrelay.bill b on b.scheme = c.scheme and b.bill_id = c.bill_id;

comment on view reporting.claim is
    '占用: one row per order and bill that was seen live with it; an order with several bills has several rows';
comment on column reporting.claim.generation is '第几次生效: the latest one of the bill that mapped to the order';
comment on column reporting.claim.revision is '方案版本: the revision of the scheme by which it was mapped';
comment on column reporting.claim.holds is
    '仍占用: the bill was last seen neither voided nor deleted, so that no other bill''s cancel may take the order away '
    'unasked';
