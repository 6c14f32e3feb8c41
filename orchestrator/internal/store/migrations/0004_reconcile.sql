-- Looking again, independent of what dates say: the recheck over what is known live, and the reconcile run over the hours behind the watermark.

-- +goose Up

create table reconcile (
    reconcile_id        bigint generated always as identity primary key,
    scheme          text not null references scheme,
    kind            text not null check (kind in ('reconcile', 'recheck')),
    revision        integer not null,
    state           text not null default 'running' check (state in ('running', 'complete', 'failed')),
    phase           text not null check (phase in ('gather', 'repair', 'prove', 'decide', 'recheck', 'done')),
    version         bigint not null default 1,
    asked           boolean not null default false,
    from_time       timestamptz,
    to_time         timestamptz,
    cursor_id       bigint not null default 0,
    hours           integer not null default 0,
    hours_differing integer not null default 0,
    bills_read      bigint not null default 0,
    bills_reread    bigint not null default 0,
    bills_repaired  bigint not null default 0,
    bills_missing   bigint not null default 0,
    bills_gone      bigint not null default 0,
    work_items      bigint not null default 0,
    run_counts          jsonb not null default '{}',
    problem_ids     bigint[] not null default '{}',
    gone_ids        bigint[] not null default '{}',
    suspect_orgs    text[] not null default '{}',
    note            text not null default '',
    start_time      timestamptz not null default now(),
    end_time        timestamptz,
    error           text not null default '',
    check ((state = 'running') = (end_time is null)),
    check ((kind = 'recheck') = (from_time is null)),
    check ((from_time is null) = (to_time is null))
);
create unique index reconcile_one_unfinished on reconcile (scheme, kind) where state = 'running';
create index reconcile_newest on reconcile (scheme, reconcile_id desc);
create index reconcile_last on reconcile (scheme, kind, start_time);
comment on table reconcile is 'each comparison of the hours behind the watermark with the ledger, and each round of the recheck over what is known live; also those that found nothing';
comment on column reconcile.cursor_id is 'every bill up to this FID has been looked at, in the present phase or hour';
comment on column reconcile.version is 'moves with every step: the compare-and-set that keeps two workers apart';
comment on column reconcile.problem_ids is 'bills that Kingdee showed and nobody can decode: they are compared on neither side';
comment on column reconcile.gone_ids is 'bills proved gone by this reconcile run, to be settled together';
comment on column reconcile.error is 'the last thing that went wrong; a running reconcile run goes on from its cursor all the same';

create table reconcile_hour (
    reconcile_id       bigint not null references reconcile on delete cascade,
    hour_time      timestamptz not null,
    kingdee_bills  bigint not null default 0,
    kingdee_digest bigint not null default 0,
    ledger_bills   bigint not null default 0,
    ledger_digest  bigint not null default 0,
    repaired       boolean not null default false,
    bill_ids       bigint[] not null default '{}',
    primary key (reconcile_id, hour_time)
);
comment on table reconcile_hour is 'what Kingdee showed and what the ledger said of an hour, by the latest of a bill''s four dates; once a reconcile run is complete only hours that differed are kept';
comment on column reconcile_hour.bill_ids is 'what Kingdee showed in it, until the hour is done';

-- A bill's stamp: what hours, the reach of the recheck and the newest bill go by.
create index bill_stamp on bill (scheme, (greatest(bill_create_time, modify_time, approve_time, cancel_time)));
create index bill_watched on bill (scheme, bill_id)
    where (document_status = 'C' and cancel_status = 'A') or class = 'un_audited' or absent_since is not null;
create index bill_absent on bill (scheme, bill_id) where absent_since is not null;

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('permission_suspect', '', '金蝶查询看不到账本已知的单据，疑似数据权限或过滤方案有变；期间作废的单据可能看不到', '在金蝶检查该用户的数据权限、组织权限和字段权限；能看到后自动关闭',
    'Kingdee does not show bills that the ledger knows: the user''s data permission may have changed, and voids may go unseen', 'check the user''s data, organisation and field permissions in Kingdee; it closes by itself once they are visible'),
('many_deleted', '', '一次核对中发现多张单据已被删除，取消全部暂停发送', '在金蝶确认这些单据确实被删除（而不是权限或账套问题），属实再放行（release）',
    'many bills were found deleted in one reconcile run; nothing of them is sent', 'make sure in Kingdee that they are really deleted and not hidden, then release');

create view reporting.reconcile as
select s.reconcile_id, s.scheme, s.kind, case s.kind when 'recheck' then '复查' else '核对' end as kind_zh, s.revision, s.state,
       case s.state when 'running' then '进行中' when 'complete' then '完成' else '失败' end as state_zh,
       s.asked, s.from_time, s.to_time, s.hours, s.hours_differing, s.bills_read, s.bills_reread, s.bills_repaired, s.bills_missing, s.bills_gone,
       s.work_items, s.note, s.error, s.start_time, s.end_time
from voidrelay.reconcile s;
comment on view reporting.reconcile is '核对与复查: each comparison of the last 72 hours with Kingdee, and each round of the recheck over bills known live; also those that found nothing';
comment on column reporting.reconcile.hours is 'hours compared, by the latest of a bill''s four dates';
comment on column reporting.reconcile.bills_read is 'bills whose state was read';
comment on column reporting.reconcile.bills_reread is 'bills of the hours that differed, which were read again';
comment on column reporting.reconcile.bills_repaired is 'bills of which the ledger had another picture, now put right';
comment on column reporting.reconcile.bills_missing is 'bills that Kingdee no longer shows, first noticed here';
comment on column reporting.reconcile.bills_gone is 'bills proved deleted here';
