-- The ledger: what was seen, what is owed, what was tried. Postgres is the only memory, and any process may be killed
-- at any line. All tables live in the schema voidrelay, which is on the search path when these files run.
--
-- This file: what is watched, and how far it has been read. What keeps it from being read or sent is
-- a condition.

-- +goose Up

create table scheme (
    scheme                  text primary key,
    title                   text not null,
    form_id                 text not null,
    data_center_id          text not null,
    wms_accounts            text[] not null,
    triggers                text[] not null default '{voided}',
    organisations           text[] not null default '{}',
    revision                integer not null,
    active                  boolean not null default true,
    retire_time             timestamptz,
    mode                    text not null default 'dry_run' check (mode in ('dry_run', 'send')),
    send_since              timestamptz,
    safety_limit_reset_time timestamptz,
    incremental_millis      bigint not null,
    remap_run_id            bigint,
    create_time             timestamptz not null default now(),
    update_time             timestamptz not null default now()
);
comment on column scheme.active is 'it is not retired';
comment on column scheme.retire_time is 'when it was retired last, also once it is taken up again';
comment on column scheme.triggers is
    'what its newest revision acts on: an un-audited bill lets its order go only where its scheme acts on that';
comment on column scheme.organisations is 'those that its newest revision names; empty = all';
comment on column scheme.remap_run_id is
    'the run that maps stored snapshots by the newest revision; while it is under way the scheme sends nothing';
comment on column scheme.send_since is 'when an operator set it to send: a cutover for bills never seen live';

create table scheme_revision (
    scheme       text not null references scheme,
    revision     integer not null,
    content_hash text not null,
    document     text not null,
    actor        text not null default '',
    reason       text not null default '',
    orders       text not null default '' check (orders in ('', 'corrected', 'from_now')),
    orders_from  timestamptz,
    create_time  timestamptz not null default now(),
    primary key (scheme, revision)
);
comment on column scheme_revision.orders is
    'it names orders otherwise than the one before: corrected = also those that are stored, from_now = only those that '
    'come; empty = it names them alike';
comment on column scheme_revision.orders_from is 'of from_now: since when, by Kingdee''s clock; null = nobody knew it';
comment on table scheme_revision is
    'what a scheme said, each time with who applied it and why; all hosts work by the newest, scheme.revision';

create table scheme_warehouse (
    scheme           text not null references scheme,
    warehouse_number text not null,
    warehouse_name   text not null default '',
    account          text not null default '',
    warehouse_code   text not null default '',
    outside          boolean not null default false,
    primary key (scheme, warehouse_number)
);
comment on table scheme_warehouse is
    'the warehouse table of a scheme''s newest revision, for reports and for the names that people are shown; what '
    'maps bills reads the document';

create table scheme_organisation (
    scheme            text not null references scheme,
    organisation      text not null,
    organisation_name text not null,
    primary key (scheme, organisation)
);
comment on table scheme_organisation is 'what people call stock organisations, by the scheme''s newest revision';

create table scheme_draft (
    scheme    text primary key,
    version   bigint not null default 1,
    document  text not null,
    actor     text not null,
    revision  integer not null,
    save_time timestamptz not null default now()
);
comment on table scheme_draft is
    'a draft of a scheme that is not applied; of a scheme that there may not be yet';
comment on column scheme_draft.version is 'moves with every save: the compare-and-set that keeps two persons apart';
comment on column scheme_draft.revision is
    'the scheme''s newest revision when it was saved; 0 = there was no such scheme';

create table scheme_cutover (
    scheme       text not null references scheme,
    kind         text not null check (kind in ('trigger', 'organisation', 'warehouse', 'order_kind')),
    name         text not null,
    cutover_time timestamptz,
    gap_from     timestamptz,
    gap_until    timestamptz,
    revision     integer not null,
    primary key (scheme, kind, name),
    check ((gap_from is null) = (gap_until is null))
);
comment on table scheme_cutover is
    'what a later revision added to a scheme counts from here on: what happened before owes nothing through it, '
    'also for bills once seen live';
comment on column scheme_cutover.name is
    'as the scheme names it; * for all organisations that have no row of their own';
comment on column scheme_cutover.gap_from is
    'by Kingdee''s clock: from then until gap_until it was not in the scheme; what happened then is held';
comment on column scheme_cutover.cutover_time is
    'by Kingdee''s clock; null: from the beginning; such a row keeps the one for * from counting';

create table watermark (
    scheme         text primary key references scheme,
    watermark_time timestamptz not null,
    header_time    timestamptz,
    version        bigint not null default 1,
    data_center_id text not null,
    environment    text not null check (environment in ('real', 'sandbox')),
    time_zone      text not null,
    effective_from timestamptz not null,
    restored_to    timestamptz,
    restored_told  timestamptz,
    wms_sids       jsonb not null default '{}',
    last_run_time  timestamptz not null default now(),
    last_run_rows  bigint not null default 0,
    old_read_time  timestamptz
) with (fillfactor = 50);
comment on table watermark is
    'how far a scheme has read Kingdee, by Kingdee''s clock; the row appears when the baseline is complete';
comment on column watermark.header_time is
    'Kingdee''s clock in the header of the last complete run whose clock was believed: what cutovers are made of';
comment on column watermark.wms_sids is
    'the sid behind each WMS account name, as first met: another one stops the scheme';
comment on column watermark.restored_to is
    'the time to which Kingdee was restored from an older copy, by its own clock, as a person said; null: it never was';
comment on column watermark.restored_told is
    'when a person said so: what was read of a bill before counts no longer as newer than what Kingdee shows';
comment on column watermark.old_read_time is
    'when the last recheck began that also read the un-audited bills which claim orders and are older than its reach: '
    'they have their turn once a day';
comment on column watermark.version is 'moves with every change: the compare-and-set that keeps two runs apart';

create table watermark_change (
    watermark_change_id bigint generated always as identity primary key,
    scheme              text not null references scheme,
    move_time           timestamptz not null,
    watermark_before    timestamptz not null,
    watermark_after     timestamptz not null,
    actor               text not null,
    reason              text not null
);
create index watermark_change_newest on watermark_change (scheme, move_time desc);
comment on table watermark_change is 'each move of a watermark by a person; the moves by runs stand with the runs';

create table mapping_answers (
    scheme     text not null references scheme,
    revision   integer not null,
    answers    integer not null default 0,
    bad_in_row integer not null default 0,
    examples   text[] not null default '{}',
    primary key (scheme, revision)
) with (fillfactor = 50);
comment on table mapping_answers is
    'what the WMS said to the cancellations of a scheme revision, each counted once as long as it is bad: tells a '
    'wrong mapping from single wrong orders';
comment on column mapping_answers.answers is 'how many answers; exact only up to the first few';
comment on column mapping_answers.bad_in_row is 'how many in a row, up to now, were not_found or rejected';
comment on column mapping_answers.examples is 'some of those in a row, for people';

create table first_answers (
    scheme  text primary key references scheme,
    answers integer not null default 0,
    already bigint not null default 0
) with (fillfactor = 50);
comment on table first_answers is
    'what the WMS said to the last first attempts of a scheme: tells another system that cancels the same orders';
comment on column first_answers.answers is 'how many; at most as many as are remembered';
comment on column first_answers.already is
    'a bit for each of them, the last one lowest: its order was cancelled already, and not for us';
