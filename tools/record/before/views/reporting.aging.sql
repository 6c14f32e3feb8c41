 SELECT a.scheme,
    a.state,
    a.age,
        CASE a.age
            WHEN 1 THEN '5 分钟内'::text
            WHEN 2 THEN '5–60 分钟'::text
            WHEN 3 THEN '1–24 小时'::text
            WHEN 4 THEN '1–7 天'::text
            ELSE '7 天以上'::text
        END AS age_zh,
    count(*) AS cancellations,
    min(a.create_time) AS oldest_time
   FROM ( SELECT c.scheme,
            c.state,
            c.create_time,
                CASE
                    WHEN (now() - c.create_time) < '00:05:00'::interval THEN 1
                    WHEN (now() - c.create_time) < '01:00:00'::interval THEN 2
                    WHEN (now() - c.create_time) < '1 day'::interval THEN 3
                    WHEN (now() - c.create_time) < '7 days'::interval THEN 4
                    ELSE 5
                END AS age
           FROM voidrelay.cancellation c
          WHERE c.state = ANY (ARRAY['open'::text, 'held'::text, 'parked'::text])) a
  GROUP BY a.scheme, a.state, a.age;
