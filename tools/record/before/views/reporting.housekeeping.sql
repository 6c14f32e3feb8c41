 SELECT c.chore,
    c.last_run_time,
    c.last_error,
    h.housekeeping_id,
    h.subject,
    h.row_count,
    h.byte_count,
    h.remove_time
   FROM voidrelay.chore c
     LEFT JOIN voidrelay.housekeeping h USING (chore);
