create or replace view reporting.reconcile as
select s.reconcile_id, s.scheme, s.kind, case s.kind when 'recheck' then '复查' else '核对' end as kind_zh, s.revision,
       s.state,
       case s.state when 'running' then '进行中' when 'complete' then '完成' else '失败' end as state_zh,
       s.asked, s.from_time, s.to_time, s.hours, s.hours_differing, s.bills_read, s.bills_reread, s.bills_repaired,
       s.bills_missing, s.bills_gone, s.work_items, s.note, s.error, s.start_time, s.end_time
from voidrelay.reconcile s;

comment on view reporting.reconcile is
    '核对与复查: each comparison of the last 72 hours with Kingdee, and each round of the recheck over bills known '
    'live; also those that found nothing';
comment on column reporting.reconcile.hours is 'hours compared, by the latest of a bill''s four dates';
comment on column reporting.reconcile.bills_read is 'bills whose state was read';
comment on column reporting.reconcile.bills_reread is 'bills of the hours that differed, which were read again';
comment on column reporting.reconcile.bills_repaired is
    'bills of which the ledger had another picture, now put right';
comment on column reporting.reconcile.bills_missing is 'bills that Kingdee no longer shows, first noticed here';
comment on column reporting.reconcile.bills_gone is 'bills proved deleted here';
