 SELECT b.backfill_id,
    b.scheme,
    b.state,
        CASE b.state
            WHEN 'running'::text THEN '进行中'::text
            WHEN 'planned'::text THEN '计划完成'::text
            WHEN 'applying'::text THEN '执行中'::text
            WHEN 'complete'::text THEN '已完成'::text
            WHEN 'failed'::text THEN '失败'::text
            ELSE '已撤销'::text
        END AS state_zh,
    b.plan_only,
    b.below_floor,
    b.from_time,
    b.to_time,
    cardinality(b.numbers) AS numbers,
    b.revision,
    b.actor,
    b.reason,
    b.create_time,
    b.end_time,
    b.cursor_id,
    COALESCE((b.funnel ->> 'rows'::text)::bigint, 0::bigint) AS rows_read,
    b.rows_outside,
    COALESCE((b.funnel ->> 'bills'::text)::bigint, 0::bigint) AS bills,
    COALESCE((b.counts ->> 'new'::text)::bigint, 0::bigint) AS items_new,
    COALESCE((b.counts ->> 'already_owed'::text)::bigint, 0::bigint) AS items_already_owed,
    COALESCE((b.counts ->> 'settled'::text)::bigint, 0::bigint) AS items_settled,
    COALESCE((b.counts ->> 'held'::text)::bigint, 0::bigint) AS items_held,
    COALESCE((b.counts ->> 'refused'::text)::bigint, 0::bigint) AS items_refused,
    COALESCE((b.counts ->> 'undecodable'::text)::bigint, 0::bigint) AS items_undecodable,
    cardinality(b.numbers_not_found) AS numbers_not_found,
    b.error
   FROM voidrelay.backfill b;
