 SELECT s.sweep_id,
    s.scheme,
    s.kind,
        CASE s.kind
            WHEN 'watch'::text THEN '巡查'::text
            ELSE '核对'::text
        END AS kind_zh,
    s.revision,
    s.state,
        CASE s.state
            WHEN 'running'::text THEN '进行中'::text
            WHEN 'complete'::text THEN '完成'::text
            ELSE '失败'::text
        END AS state_zh,
    s.asked,
    s.from_time,
    s.to_time,
    s.hours,
    s.hours_differing,
    s.bills_read,
    s.bills_reread,
    s.bills_repaired,
    s.bills_missing,
    s.bills_gone,
    s.work_items,
    s.note,
    s.error,
    s.start_time,
    s.end_time
   FROM voidrelay.sweep s;
