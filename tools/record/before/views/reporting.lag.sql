 SELECT c.scheme,
    c.cancellation_id,
    c.bill_id,
    c.bill_no,
    c.warehouse_code,
    c.order_code,
    c.business_date,
    v.void_time AS voided_time,
    c.decide_time AS decided_time,
    c.outcome_time AS cancelled_time,
    EXTRACT(epoch FROM c.outcome_time - v.void_time) AS void_to_cancel_seconds,
    EXTRACT(epoch FROM c.outcome_time - c.decide_time) AS decide_to_cancel_seconds,
    c.attempt AS attempts
   FROM voidrelay.cancellation c
     LEFT JOIN voidrelay.bill b ON b.scheme = c.scheme AND b.bill_id = c.bill_id
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN b.epoch = c.epoch AND NOT b.cancel_is_date THEN b.epoch_cancel
                    ELSE NULL::timestamp with time zone
                END AS void_time) v
  WHERE c.state = 'done'::text AND c.outcome <> 'marked_done'::text;
