-- Reading Kingdee: the runs that move the watermark, and reading again, independent of what dates say, which is the
-- recheck over what is known live and the reconcile run over the hours behind the watermark.

-- +goose Up

create table run (
    run_id            bigint generated always as identity primary key,
    scheme            text not null references scheme,
    kind              text not null check (kind in ('baseline', 'incremental')),
    state             text not null default 'running' check (state in ('running', 'complete', 'failed')),
    revision          integer not null,
    watermark_version bigint not null,
    lower_edge        timestamptz not null,
    vendor_time       timestamptz,
    service_time      timestamptz not null,
    clock_note        text not null default '',
    clock_suspect     boolean not null default false,
    watermark_before  timestamptz,
    watermark_after   timestamptz,
    cursor_id         bigint not null default 0,
    run_counts        jsonb not null default '{}',
    start_time        timestamptz not null default now(),
    end_time          timestamptz,
    error             text not null default '',
    check ((state = 'running') = (end_time is null)),
    check ((state = 'failed') = (error <> ''))
);
create unique index run_one_unfinished on run (scheme) where state = 'running';
create index run_newest on run (scheme, run_id desc);
comment on column run.vendor_time is 'the vendor''s clock of the run''s first header; null when it gave none';

create table run_failure (
    scheme     text primary key references scheme,
    error      text not null,
    failures   integer not null,
    last_time  timestamptz not null default now(),
    not_before timestamptz not null
);
comment on table run_failure is 'why the last run did not end, and when to try again; gone once one ends';

create table reconcile (
    reconcile_id    bigint generated always as identity primary key,
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
    run_counts      jsonb not null default '{}',
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
comment on table reconcile is
    'each comparison of the hours behind the watermark with the ledger, and each round of the recheck over what is '
    'known live; also those that found nothing';
comment on column reconcile.cursor_id is
    'every bill up to this FID has been looked at, in the present phase or hour';
comment on column reconcile.version is 'moves with every step: the compare-and-set that keeps two workers apart';
comment on column reconcile.problem_ids is
    'bills that Kingdee showed and nobody can decode: they are compared on neither side';
comment on column reconcile.gone_ids is 'bills proved gone by this reconcile run, to be settled together';
comment on column reconcile.error is
    'the last thing that went wrong; a running reconcile run goes on from its cursor all the same';

create table reconcile_hour (
    reconcile_id   bigint not null references reconcile on delete cascade,
    hour_time      timestamptz not null,
    kingdee_bills  bigint not null default 0,
    kingdee_digest bigint not null default 0,
    ledger_bills   bigint not null default 0,
    ledger_digest  bigint not null default 0,
    repaired       boolean not null default false,
    bill_ids       bigint[] not null default '{}',
    primary key (reconcile_id, hour_time)
);
comment on table reconcile_hour is
    'what Kingdee showed and what the ledger said of an hour, by the latest of a bill''s four dates; once a reconcile '
    'run is complete only hours that differed are kept';
comment on column reconcile_hour.bill_ids is 'what Kingdee showed in it, until the hour is done';
