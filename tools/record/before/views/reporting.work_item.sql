 SELECT w.work_item_id,
    w.scheme,
    w.kind,
    w.bill_id,
    w.bill_no,
    w.cancellation_id,
    w.subject,
    w.detail,
    (COALESCE(k.message_zh, w.kind) ||
        CASE
            WHEN w.subject <> ''::text AND COALESCE(k.subject, ''::text) = ''::text THEN ('（'::text || w.subject) || '）'::text
            ELSE ''::text
        END) ||
        CASE
            WHEN w.detail <> ''::text THEN '：'::text || w.detail
            ELSE ''::text
        END AS message,
    COALESCE(k.action_zh, ''::text) AS action,
    COALESCE(k.message_en, w.kind) AS message_en,
    COALESCE(k.action_en, ''::text) AS action_en,
    w.close_time IS NULL AS open,
    w.create_time,
    w.close_time,
    w.close_reason
   FROM voidrelay.work_item w
     LEFT JOIN LATERAL ( SELECT k_1.subject,
            k_1.message_zh,
            k_1.action_zh,
            k_1.message_en,
            k_1.action_en
           FROM voidrelay.work_kind k_1
          WHERE k_1.kind = w.kind AND (k_1.subject = ANY (ARRAY[''::text, w.subject]))
          ORDER BY k_1.subject DESC
         LIMIT 1) k ON true;
