 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    b.first_seen_time AS event_time,
    10 AS step,
    'first_seen'::text AS event,
    '首次读到'::text AS event_zh,
    (b.affair_type || ' '::text) || b.org AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    i.read_time AS event_time,
    20 AS step,
    'seen_live'::text AS event,
    ('读到有效状态（第 '::text || i.epoch) || ' 轮）'::text AS event_zh,
    ''::text AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
     JOIN voidrelay.bill_image i ON i.scheme = b.scheme AND i.bill_id = b.bill_id
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    b.read_time AS event_time,
    30 AS step,
    'last_read'::text AS event,
    '最近一次读取'::text AS event_zh,
    (((('单据状态 '::text || b.document_status) || '，作废状态 '::text) || b.cancel_status) || '，判定 '::text) || b.class AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    b.un_audited_since AS event_time,
    32 AS step,
    'un_audited'::text AS event,
    '首次读到反审核'::text AS event_zh,
    ''::text AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
  WHERE b.un_audited_since IS NOT NULL
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    b.absent_since AS event_time,
    34 AS step,
    'absent'::text AS event,
    '首次读不到单据'::text AS event_zh,
    ''::text AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
  WHERE b.absent_since IS NOT NULL
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    b.gone_time AS event_time,
    36 AS step,
    'gone'::text AS event,
    '确认单据已删除'::text AS event_zh,
    b.class_reason AS detail,
    NULL::bigint AS cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
  WHERE b.gone_time IS NOT NULL
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    c.create_time AS event_time,
    40 AS step,
    'debt'::text AS event,
    ('记入应取消（第 '::text || c.epoch) || ' 轮）'::text AS event_zh,
    ((((((( SELECT string_agg(
                CASE t.t
                    WHEN 'voided'::text THEN '作废'::text
                    WHEN 'un_audited'::text THEN '反审核'::text
                    WHEN 'deleted'::text THEN '删除'::text
                    ELSE t.t
                END, '、'::text) AS string_agg
           FROM unnest(c.triggers) t(t))) || '：'::text) || c.order_code) || ' '::text) || c.order_type) || ' 仓库 '::text) || c.warehouse_code AS detail,
    c.cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
     JOIN voidrelay.cancellation c ON c.scheme = b.scheme AND c.bill_id = b.bill_id
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    a.intent_time AS event_time,
    50 AS step,
    'attempt'::text AS event,
    ('第 '::text || a.attempt) || ' 次请求'::text AS event_zh,
    (c.order_code || ' 仓库 '::text) || c.warehouse_code AS detail,
    c.cancellation_id,
    a.attempt
   FROM voidrelay.bill b
     JOIN voidrelay.cancellation c ON c.scheme = b.scheme AND c.bill_id = b.bill_id
     JOIN voidrelay.attempt a ON a.cancellation_id = c.cancellation_id
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    a.result_time AS event_time,
    60 AS step,
    'answer'::text AS event,
    ('第 '::text || a.attempt) || ' 次答复'::text AS event_zh,
    a.disposition ||
        CASE
            WHEN a.vendor_message <> ''::text THEN '：'::text || a.vendor_message
            WHEN a.detail <> ''::text THEN '：'::text || a.detail
            ELSE ''::text
        END AS detail,
    c.cancellation_id,
    a.attempt
   FROM voidrelay.bill b
     JOIN voidrelay.cancellation c ON c.scheme = b.scheme AND c.bill_id = b.bill_id
     JOIN voidrelay.attempt a ON a.cancellation_id = c.cancellation_id
  WHERE a.result_time IS NOT NULL
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    c.outcome_time AS event_time,
    70 AS step,
    'outcome'::text AS event,
    '了结'::text AS event_zh,
    c.state ||
        CASE
            WHEN c.outcome <> ''::text THEN '：'::text || c.outcome
            ELSE ''::text
        END AS detail,
    c.cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
     JOIN voidrelay.cancellation c ON c.scheme = b.scheme AND c.bill_id = b.bill_id
  WHERE c.outcome_time IS NOT NULL
UNION ALL
 SELECT w.scheme,
    w.bill_id,
    w.bill_no,
    w.create_time AS event_time,
    80 AS step,
    'work_item'::text AS event,
    '转人工'::text AS event_zh,
    w.message AS detail,
    NULLIF(w.cancellation_id, 0) AS cancellation_id,
    0 AS attempt
   FROM reporting.work_item w
  WHERE w.bill_no <> ''::text
UNION ALL
 SELECT w.scheme,
    w.bill_id,
    w.bill_no,
    w.close_time AS event_time,
    90 AS step,
    'work_item_closed'::text AS event,
    '人工事项关闭'::text AS event_zh,
    w.close_reason AS detail,
    NULLIF(w.cancellation_id, 0) AS cancellation_id,
    0 AS attempt
   FROM reporting.work_item w
  WHERE w.bill_no <> ''::text AND w.close_time IS NOT NULL
UNION ALL
 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
    o.create_time AS event_time,
    85 AS step,
    'operator_action'::text AS event,
    o.verb_zh AS event_zh,
    (o.actor || '：'::text) || o.reason AS detail,
    l.cancellation_id,
    0 AS attempt
   FROM voidrelay.bill b
     JOIN voidrelay.cancellation c ON c.scheme = b.scheme AND c.bill_id = b.bill_id
     JOIN voidrelay.operator_action_cancellation l ON l.cancellation_id = c.cancellation_id
     JOIN reporting.operator_action o ON o.operator_action_id = l.operator_action_id;
