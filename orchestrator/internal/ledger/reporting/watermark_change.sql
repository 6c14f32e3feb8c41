create or replace view reporting.watermark_change as
select m.scheme, m.move_time, m.watermark_before, m.watermark_after, null::bigint as run_id, m.actor, m.reason
from voidrelay.watermark_change m
union all
select p.scheme, p.end_time, p.watermark_before, p.watermark_after, p.run_id, '', ''
from voidrelay.run p
where p.state = 'complete' and p.watermark_after is distinct from p.watermark_before;

comment on view reporting.watermark_change is
    '读取进度变动: each move of a watermark, by a person or by a run that found something; incremental runs that find '
    'nothing move it without a row';
comment on column reporting.watermark_change.watermark_before is 'null for the baseline';
comment on column reporting.watermark_change.run_id is 'the run that moved it; null for a person';
comment on column reporting.watermark_change.actor is '操作人; empty for a run';
comment on column reporting.watermark_change.reason is '原因';
