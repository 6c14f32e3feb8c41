 SELECT b.scheme,
    b.bill_id,
    b.bill_no,
        CASE v.code
            WHEN 'needs_person'::text THEN '需人工'::text
            WHEN 'in_progress'::text THEN '处理中'::text
            WHEN 'cancelled'::text THEN '已取消'::text
            WHEN 'partly_cancelled'::text THEN '部分取消'::text
            WHEN 'too_late'::text THEN '来不及'::text
            ELSE '无需取消'::text
        END AS verdict,
    v.code AS verdict_code,
        CASE v.code
            WHEN 'needs_person'::text THEN COALESCE(w.message, h.message_zh,
            CASE
                WHEN b.class = 'undecodable'::text THEN '单据无法识别：'::text || b.class_reason
                WHEN c.parked > 0 THEN ('有 '::text || c.parked) || ' 个仓库单已搁置，等待人工处理'::text
                WHEN c.held > 0 THEN ('有 '::text || c.held) || ' 个仓库单暂停发送，等待放行'::text
                WHEN s.mode = 'observe'::text THEN '方案处于观察模式，未发送'::text
                ELSE '决定时方案处于观察模式，未发送；方案改为发送后不会自动补发'::text
            END)
            WHEN 'in_progress'::text THEN ((((
            CASE
                WHEN s.state = 'stopped'::text THEN '方案已停止，恢复后继续'::text
                WHEN NOT s.active THEN '方案已不在方案文件中，未发送'::text
                WHEN s.mode = 'observe'::text THEN '方案处于观察模式，暂不发送'::text
                WHEN (EXISTS ( SELECT
                   FROM voidrelay.stop_all)) THEN '已全部停发，恢复后继续'::text
                WHEN s.pause_reason = 'mapping_suspected'::text THEN '疑似映射有误，方案已暂停发送，恢复后继续'::text
                WHEN s.pause_reason <> ''::text THEN '方案已暂停发送，恢复后继续'::text
                WHEN c.refused THEN '旺店通账号不被接受，已暂停发送，恢复后自动继续'::text
                WHEN c.waiting = c.moving AND c.waiting > 0 THEN '单据已反审核，等待期内未再审核才取消'::text
                ELSE '正在取消'::text
            END || '：共 '::text) || c.owed) || ' 个仓库单，已取消 '::text) || c.done) || ' 个'::text
            WHEN 'cancelled'::text THEN (c.done || ' 个仓库单已全部取消'::text) ||
            CASE
                WHEN b.class = 'live'::text THEN '；单据现为有效'::text
                ELSE ''::text
            END
            WHEN 'partly_cancelled'::text THEN ((((((('共 '::text || c.owed) || ' 个仓库单：已取消 '::text) || c.done) || ' 个，来不及 '::text) || c.too_late) || ' 个，人工关闭 '::text) || c.left_alone) || ' 个'::text
            WHEN 'too_late'::text THEN ('仓库已执行，'::text || c.too_late) || ' 个仓库单来不及取消'::text
            ELSE
            CASE
                WHEN c.left_alone > 0 THEN '由人工决定不取消'::text
                WHEN b.class = 'live'::text AND c.cancellations > 0 THEN '单据已恢复有效，取消已撤回'::text
                WHEN b.class = 'live'::text THEN '单据有效，未作废'::text
                WHEN c.number_live > 0 THEN '单号已被另一张有效单据使用，未取消'::text
                WHEN b.class = 'un_audited'::text AND c.cancellations > 0 THEN '单据已反审核，取消已撤回'::text
                WHEN b.class = 'un_audited'::text THEN '单据已反审核，未作废'::text || y.because
                WHEN b.class = 'deleted'::text AND c.cancellations = 0 THEN '单据已在金蝶删除'::text || y.because
                WHEN b.class = 'never_audited'::text THEN '从未审核，旺店通没有对应的仓库单'::text
                WHEN b.class = 'before_start'::text AND y.because <> ''::text THEN substr(y.because, 2)
                WHEN b.class = 'before_start'::text THEN '作废早于方案启用时间'::text
                WHEN b.class = 'not_selected'::text AND b.class_reason = 'when'::text THEN substr(y.because, 2)
                WHEN b.class = 'not_selected'::text THEN '库存组织不在方案范围内'::text
                WHEN c.no_order > 0 THEN '旺店通从未有过对应的仓库单'::text
                WHEN c.cancellations > 0 THEN '取消已撤回'::text
                ELSE '没有属于方案范围的仓库单'::text || y.because
            END
        END AS reason,
    b.org AS stock_org_number,
    b.affair_type,
    b.document_status,
    b.cancel_status,
    b.modify_time,
    b.approve_time,
    b.cancel_time,
    b.read_time,
    b.epoch,
    b.class,
    b.first_seen_time,
    c.cancellations,
    c.done,
    w.open_work_items
   FROM voidrelay.bill b
     JOIN voidrelay.scheme s ON s.scheme = b.scheme
     CROSS JOIN LATERAL ( SELECT COALESCE('；'::text ||
                CASE split_part(b.class_reason, ':'::text, 1)
                    WHEN 'when'::text THEN '方案的条件（when）未选中该单'::text
                    WHEN 'trigger_not_in_scheme'::text THEN '方案不处理这种情况'::text
                    WHEN 'never_live'::text THEN '从未见其有效'::text
                    WHEN 'no_image'::text THEN '没有它有效时的内容'::text
                    WHEN 'floor'::text THEN (('发生在方案加入'::text ||
                    CASE split_part(b.class_reason, ':'::text, 2)
                        WHEN 'trigger'::text THEN '触发条件 '::text
                        WHEN 'organisation'::text THEN '库存组织 '::text
                        WHEN 'warehouse'::text THEN '仓库 '::text
                        ELSE '方向 '::text
                    END) || split_part(b.class_reason, ':'::text, 3)) || ' 之前'::text
                    ELSE NULL::text
                END, ''::text) AS because) y
     CROSS JOIN LATERAL ( SELECT count(*) AS cancellations,
            count(*) FILTER (WHERE (d.state <> ALL (ARRAY['superseded'::text, 'observed'::text])) AND NOT (d.state = 'closed'::text AND d.outcome = 'no_order'::text)) AS owed,
            count(*) FILTER (WHERE d.state = ANY (ARRAY['planned'::text, 'open'::text])) AS moving,
            count(*) FILTER (WHERE d.state = 'open'::text AND d.not_before > now()) AS waiting,
            COALESCE(bool_or(d.state = 'open'::text AND (EXISTS ( SELECT
                   FROM voidrelay.account_pause p
                  WHERE p.account = d.account))), false) AS refused,
            count(*) FILTER (WHERE d.state = 'held'::text) AS held,
            min(d.hold_reason) FILTER (WHERE d.state = 'held'::text) AS hold_reason,
            count(*) FILTER (WHERE d.state = 'parked'::text AND d.disposition <> 'too_late'::text) AS parked,
            count(*) FILTER (WHERE (d.state = ANY (ARRAY['parked'::text, 'closed'::text])) AND d.disposition = 'too_late'::text) AS too_late,
            count(*) FILTER (WHERE d.state = 'observed'::text AND d.epoch = d.last_epoch) AS observed,
            count(*) FILTER (WHERE d.state = 'done'::text) AS done,
            count(*) FILTER (WHERE d.state = 'superseded'::text AND d.outcome = 'number_live'::text) AS number_live,
            count(*) FILTER (WHERE d.state = 'closed'::text AND d.outcome = 'no_order'::text AND d.disposition <> 'too_late'::text) AS no_order,
            count(*) FILTER (WHERE d.state = 'closed'::text AND d.outcome <> 'no_order'::text AND d.disposition <> 'too_late'::text) AS left_alone
           FROM ( SELECT c_1.state,
                    c_1.outcome,
                    c_1.disposition,
                    c_1.hold_reason,
                    c_1.epoch,
                    c_1.not_before,
                    c_1.account,
                    max(c_1.epoch) OVER (PARTITION BY c_1.account, c_1.warehouse_code, c_1.order_code, c_1.order_type) AS last_epoch
                   FROM voidrelay.cancellation c_1
                  WHERE c_1.scheme = b.scheme AND c_1.bill_id = b.bill_id) d) c
     CROSS JOIN LATERAL ( SELECT count(*) AS open_work_items,
            count(*) FILTER (WHERE w_1.kind <> 'too_late'::text) AS pressing,
            (array_agg(w_1.message ORDER BY w_1.work_item_id) FILTER (WHERE w_1.kind <> 'too_late'::text))[1] AS message
           FROM reporting.work_item w_1
          WHERE w_1.scheme = b.scheme AND w_1.bill_id = b.bill_id AND w_1.close_time IS NULL) w
     LEFT JOIN voidrelay.work_kind h ON h.kind =
        CASE
            WHEN c.hold_reason = ANY (ARRAY['brake_hour'::text, 'brake_day'::text]) THEN 'brake_tripped'::text
            ELSE c.hold_reason
        END AND h.subject = ''::text
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN w.pressing > 0 OR c.held > 0 OR c.parked > 0 OR b.class = 'undecodable'::text OR c.observed > 0 AND (b.class = ANY (ARRAY['voided'::text, 'un_audited'::text, 'deleted'::text])) THEN 'needs_person'::text
                    WHEN c.moving > 0 THEN 'in_progress'::text
                    WHEN c.done > 0 AND (c.too_late + c.left_alone) = 0 THEN 'cancelled'::text
                    WHEN c.done > 0 THEN 'partly_cancelled'::text
                    WHEN c.too_late > 0 THEN 'too_late'::text
                    ELSE 'nothing_owed'::text
                END AS code) v
UNION ALL
 SELECT n.scheme,
    n.bill_id,
    n.bill_no,
    '需人工'::text AS verdict,
    'needs_person'::text AS verdict_code,
    n.message AS reason,
    ''::text AS stock_org_number,
    ''::text AS affair_type,
    ''::text AS document_status,
    ''::text AS cancel_status,
    NULL::timestamp with time zone AS modify_time,
    NULL::timestamp with time zone AS approve_time,
    NULL::timestamp with time zone AS cancel_time,
    NULL::timestamp with time zone AS read_time,
    0 AS epoch,
    'undecodable'::text AS class,
    n.create_time AS first_seen_time,
    0 AS cancellations,
    0 AS done,
    1 AS open_work_items
   FROM ( SELECT DISTINCT ON (w.scheme, w.bill_id, w.bill_no) w.scheme,
            w.bill_id,
            w.bill_no,
            w.message,
            w.create_time
           FROM reporting.work_item w
          WHERE w.close_time IS NULL AND w.bill_no <> ''::text AND NOT (EXISTS ( SELECT
                   FROM voidrelay.bill b
                  WHERE b.scheme = w.scheme AND b.bill_id = w.bill_id))
          ORDER BY w.scheme, w.bill_id, w.bill_no, w.work_item_id) n;
