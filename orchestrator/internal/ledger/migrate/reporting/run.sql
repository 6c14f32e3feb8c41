create or replace view reporting.run as
select r.run_id, r.scheme, r.kind,
       reporting.word_zh('run_kind', r.kind) as kind_zh,
       r.state,
       reporting.word_zh('run_state', r.state) as state_zh,
       r.revision, r.asked, b.actor, b.reason, r.start_time, r.end_time, r.note, r.error,
       coalesce(w.lower_edge, c.from_time, b.from_time) as from_time, coalesce(c.to_time, b.to_time) as to_time,
       cardinality(b.numbers) as numbers, w.watermark_before, w.watermark_after,
       coalesce((r.run_counts->>'rows')::bigint, 0) as rows_read, b.rows_outside,
       coalesce((r.run_counts->>'bills')::bigint, 0) as bills,
       coalesce((r.run_counts->>'orders')::bigint, 0) as orders,
       coalesce((r.run_counts->>'orders_new')::bigint, 0) as orders_new,
       coalesce((r.run_counts->>'orders_held')::bigint, 0) as orders_held,
       c.hours, c.hours_differing, c.bills_read, c.bills_reread, c.bills_repaired, c.bills_missing, c.bills_gone,
       c.work_items,
       b.plan_only, b.before_cutover, coalesce((b.counts->>'new')::bigint, 0) as items_new,
       coalesce((b.counts->>'already_owed')::bigint, 0) as items_already_owed,
       coalesce((b.counts->>'settled')::bigint, 0) as items_settled,
       coalesce((b.counts->>'held')::bigint, 0) as items_held,
       coalesce((b.counts->>'refused')::bigint, 0) as items_refused,
       coalesce((b.counts->>'undecodable')::bigint, 0) as items_undecodable,
       cardinality(b.numbers_not_found) as numbers_not_found,
       r.start_time at time zone 'Asia/Shanghai' as start_time_beijing,
       r.end_time at time zone 'Asia/Shanghai' as end_time_beijing,
       coalesce(w.lower_edge, c.from_time, b.from_time) at time zone 'Asia/Shanghai' as from_time_beijing,
       coalesce(c.to_time, b.to_time) at time zone 'Asia/Shanghai' as to_time_beijing,
       w.watermark_before at time zone 'Asia/Shanghai' as watermark_before_beijing,
       w.watermark_after at time zone 'Asia/Shanghai' as watermark_after_beijing
from voidrelay.run r
    left join voidrelay.run_reading w using (run_id)
    left join voidrelay.run_comparison c using (run_id)
    left join voidrelay.run_backfill b using (run_id);

comment on view reporting.run is
    '读取任务: each piece of reading Kingdee, of any kind; incremental runs and rechecks that nobody asked for, and that '
    'found nothing, leave no row, but for the last recheck';
comment on column reporting.run.kind is
    'baseline 基线, incremental 增量, recheck 复查 of bills known live, reconcile 核对 of the last 72 hours, backfill '
    '回补, or remap 重映射 of stored snapshots';
comment on column reporting.run.asked is 'a person asked for it; always so for a backfill';
comment on column reporting.run.actor is '操作人 of a backfill, and the reason given';
comment on column reporting.run.from_time is
    'what is read, by Kingdee''s clock: the lower edge, the first hour compared, or the range of a backfill';
comment on column reporting.run.numbers is 'how many bill numbers a backfill was given';
comment on column reporting.run.rows_outside is 'rows read that lie behind the range, and were not decided';
comment on column reporting.run.bills is 'what became of the bills that were decided is summed in daily_run_counts';
comment on column reporting.run.hours is 'hours compared, by the latest of a bill''s four dates';
comment on column reporting.run.bills_read is 'bills whose state was read to compare it';
comment on column reporting.run.bills_reread is 'bills of the hours that differed, which were read again';
comment on column reporting.run.bills_repaired is 'bills of which the ledger had another picture, now put right';
comment on column reporting.run.bills_missing is 'bills that Kingdee no longer shows, first noticed here';
comment on column reporting.run.bills_gone is 'bills proved deleted here';
comment on column reporting.run.plan_only is 'only a plan 计划, until somebody applied it';
comment on column reporting.run.before_cutover is
    'also what was voided before the scheme began or before sending was switched on 含启用时间之前';
comment on column reporting.run.items_new is 'orders that became owed by a backfill or, in a plan, would 新增';
comment on column reporting.run.items_settled is 'orders that had been dealt with before 此前已了结';
