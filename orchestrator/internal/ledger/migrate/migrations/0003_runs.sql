-- Reading Kingdee: one table of runs, whatever they read for, and beside it a table for what only some kinds have.

-- +goose Up

create table run (
    run_id     bigint generated always as identity primary key,
    scheme     text not null references scheme,
    kind       text not null
                   check (kind in ('baseline', 'incremental', 'recheck', 'reconcile', 'backfill', 'remap')),
    state      text not null default 'running'
                   check (state in ('running', 'planned', 'applying', 'complete', 'failed', 'cancelled')),
    revision   integer not null,
    asked      boolean not null default false,
    version    bigint not null default 1,
    cursor_id  bigint not null default 0,
    run_counts jsonb not null default '{}',
    start_time timestamptz not null default now(),
    end_time   timestamptz,
    error      text not null default '',
    note       text not null default '',
    check ((state in ('running', 'planned', 'applying')) = (end_time is null)),
    check (state <> 'failed' or error <> ''),
    check (kind = 'backfill' or state in ('running', 'complete', 'failed'))
) with (fillfactor = 70);
create unique index run_one_unfinished on run (scheme, (case kind when 'baseline' then 'incremental' else kind end))
    where state = 'running' and kind <> 'backfill';
create index run_newest on run (scheme, run_id desc);
create index run_last on run (scheme, kind, start_time);
create index run_backfill_under_way on run (run_id) where kind = 'backfill' and state in ('running', 'applying');
comment on table run is
    'each piece of reading Kingdee; an incremental run that found nothing leaves no row. A backfill alone can be '
    'planned, applying or cancelled';
comment on column run.revision is
    'of the scheme: what it reads and decides under; a plan is applied only if the present one would make the same '
    'requests';
comment on column run.asked is 'a person asked for it';
comment on column run.version is 'moves with every change: the compare-and-set that keeps two workers apart';
comment on column run.cursor_id is
    'what is committed: up to which FID of a range or of a phase, position of a list, or item of a plan that is '
    'applied';
comment on column run.error is 'why it failed or, while it is under way, the last thing that went wrong';
comment on column run.note is 'what was odd about it: clocks that do not fit, or nothing that was shown';

create table run_reading (
    run_id            bigint primary key references run,
    watermark_version bigint not null,
    lower_edge        timestamptz not null,
    vendor_time       timestamptz,
    service_time      timestamptz not null,
    clock_ahead       boolean not null default false,
    watermark_before  timestamptz,
    watermark_after   timestamptz
);
comment on table run_reading is
    'what a baseline or an incremental run begins from, and the watermark that it moves; such a run is never deleted';
comment on column run_reading.vendor_time is
    'the vendor''s clock of the run''s first header; null when it gave none';

create table run_failure (
    scheme     text primary key references scheme,
    error      text not null,
    failures   integer not null,
    last_time  timestamptz not null default now(),
    not_before timestamptz not null
);
comment on table run_failure is 'why the last run did not end, and when to try again; gone once one ends';

create table run_comparison (
    run_id          bigint primary key references run on delete cascade,
    phase           text not null check (phase in ('gather', 'repair', 'prove', 'decide', 'recheck', 'done')),
    from_time       timestamptz,
    to_time         timestamptz,
    hours           integer not null default 0,
    hours_differing integer not null default 0,
    bills_read      bigint not null default 0,
    bills_reread    bigint not null default 0,
    bills_repaired  bigint not null default 0,
    bills_missing   bigint not null default 0,
    bills_gone      bigint not null default 0,
    work_items      bigint not null default 0,
    bills_missed    bigint not null default 0,
    moved_ids       bigint[] not null default '{}',
    lag_seconds     bigint not null default 0,
    problem_ids     bigint[] not null default '{}',
    gone_ids        bigint[] not null default '{}',
    suspect_orgs    text[] not null default '{}',
    check ((from_time is null) = (to_time is null)),
    check (phase <> 'recheck' or from_time is null)
) with (fillfactor = 70);
comment on table run_comparison is
    'of a reconcile run, what it compares: the hours behind the watermark with the ledger; of a recheck, its round '
    'over what is known live; also where nothing was found';
comment on column run_comparison.bills_missed is
    'of those repaired: what appeared with a stamp below the lower edge of every incremental run';
comment on column run_comparison.moved_ids is 'of those missed: known bills whose stamp had moved, at most 100';
comment on column run_comparison.lag_seconds is 'the longest time between the stamp of one of them and now';
comment on column run_comparison.problem_ids is
    'bills that Kingdee showed and nobody can decode: they are compared on neither side';
comment on column run_comparison.gone_ids is 'bills proved gone by this reconcile run, to be settled together';

create table reconcile_hour (
    run_id         bigint not null references run_comparison on delete cascade,
    hour_time      timestamptz not null,
    kingdee_bills  bigint not null default 0,
    kingdee_digest bigint not null default 0,
    ledger_bills   bigint not null default 0,
    ledger_digest  bigint not null default 0,
    repaired       boolean not null default false,
    bill_ids       bigint[] not null default '{}',
    primary key (run_id, hour_time)
);
comment on table reconcile_hour is
    'what Kingdee showed and what the ledger said of an hour, by the latest of a bill''s four dates; once a reconcile '
    'run is complete only hours that differed are kept';
comment on column reconcile_hour.bill_ids is 'what Kingdee showed in it, until the hour is done';
