 SELECT m.scheme,
    m.move_time,
    m.mark_before,
    m.mark_after,
    NULL::bigint AS pass_id,
    m.actor,
    m.reason
   FROM voidrelay.mark_move m
UNION ALL
 SELECT p.scheme,
    p.end_time AS move_time,
    p.mark_before,
    p.mark_after,
    p.pass_id,
    ''::text AS actor,
    ''::text AS reason
   FROM voidrelay.pass p
  WHERE p.state = 'complete'::text AND p.mark_after IS DISTINCT FROM p.mark_before;
