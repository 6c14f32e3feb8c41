create or replace view reporting.watermark_change as
select m.scheme, m.move_time, m.watermark_before, m.watermark_after, null::bigint as run_id, m.actor, m.reason,
       m.move_time at time zone 'Asia/Shanghai' as move_time_beijing,
       m.watermark_before at time zone 'Asia/Shanghai' as watermark_before_beijing,
       m.watermark_after at time zone 'Asia/Shanghai' as watermark_after_beijing
from voidrelay.watermark_change m
union all
select r.scheme, r.end_time, w.watermark_before, w.watermark_after, r.run_id, '', '',
       r.end_time at time zone 'Asia/Shanghai', w.watermark_before at time zone 'Asia/Shanghai',
       w.watermark_after at time zone 'Asia/Shanghai'
from voidrelay.run r join voidrelay.run_reading w using (run_id)
where r.state = 'complete' and w.watermark_after is distinct from w.watermark_before;

comment on view reporting.watermark_change is
    '读取进度变动: each move of a watermark, by a person or by a run that found something; incremental runs that find '
    'nothing move it without a row';
comment on column reporting.watermark_change.watermark_before is 'null for the baseline';
comment on column reporting.watermark_change.run_id is 'the run that moved it; null for a person';
comment on column reporting.watermark_change.actor is '操作人; empty for a run';
comment on column reporting.watermark_change.reason is '原因';
