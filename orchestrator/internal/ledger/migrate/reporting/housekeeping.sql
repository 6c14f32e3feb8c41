create or replace view reporting.housekeeping as
select c.chore, reporting.word_zh('chore', c.chore) as chore_zh, c.last_run_time, c.last_error, h.housekeeping_id,
       h.subject, h.row_count, h.byte_count, h.remove_time,
       c.last_run_time at time zone 'Asia/Shanghai' as last_run_time_beijing,
       h.remove_time at time zone 'Asia/Shanghai' as remove_time_beijing
from voidrelay.chore c
left join voidrelay.housekeeping h using (chore);

comment on view reporting.housekeeping is
    '清理记录: what housekeeping removed and when it last ran; a chore that never removed anything has one row without '
    'a removal';
comment on column reporting.housekeeping.row_count is 'rows removed; of a dropped month about how many';
comment on column reporting.housekeeping.byte_count is
    'disk space given back; 0 where rows were removed from a table that stays';
