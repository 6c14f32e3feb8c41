 SELECT c.cancellation_id,
    c.scheme,
    c.business_date,
    c.bill_id,
    c.bill_no,
    c.epoch,
    (c.affair_type || '.'::text) || c.direction AS leg,
    c.warehouse_number,
    c.account,
    c.warehouse_code,
    c.order_code,
    c.order_type,
    c.cancel_reason,
    c.state,
        CASE c.state
            WHEN 'planned'::text THEN '待定'::text
            WHEN 'open'::text THEN '待发送'::text
            WHEN 'held'::text THEN '暂停'::text
            WHEN 'done'::text THEN '已取消'::text
            WHEN 'parked'::text THEN '待人工'::text
            WHEN 'superseded'::text THEN '已撤回'::text
            WHEN 'observed'::text THEN '仅观察'::text
            ELSE '已关闭'::text
        END AS state_zh,
    c.disposition,
    c.vendor_message,
    c.outcome,
    c.inferred,
    c.hold_reason,
    c.evidence,
    c.legs_from,
    c.attempt AS attempts,
    c.revision,
    c.pass_id,
    c.create_time,
    c.decide_time,
    c.due_time,
    c.outcome_time,
    c.triggers,
    c.not_before
   FROM voidrelay.cancellation c;
