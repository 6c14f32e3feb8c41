-- What is everybody's trouble while it lasts, and what changed, told to watchers in one order.

-- +goose Up

create table condition_kind (
    kind           text not null,
    reason         text not null default '',
    subject        text not null,
    blocks_reading boolean not null,
    blocks_sending boolean not null,
    by_person      boolean not null,
    message_zh     text not null,
    action_zh      text not null,
    message_en     text not null,
    action_en      text not null,
    primary key (kind, reason)
);
comment on table condition_kind is
    'the kinds of conditions: what each blocks, how it ends, and its words; written by migrate as the rules have it';
comment on column condition_kind.reason is 'empty = the kind in general; else the words for this reason only';

create table condition (
    condition_id   bigint generated always as identity primary key,
    kind           text not null,
    scheme         text references scheme,
    data_center_id text not null default '',
    account        text not null default '',
    trigger        text not null default '',
    host           text not null default '',
    reason         text not null default '',
    detail         text not null default '',
    blocks_reading boolean not null,
    blocks_sending boolean not null,
    by_person      boolean not null,
    since          timestamptz not null default now(),
    last_seen      timestamptz not null default now(),
    returns        integer not null default 0,
    probe_time     timestamptz,
    probes         integer not null default 0,
    end_time       timestamptz,
    end_reason     text not null default '',
    constraint condition_end check (end_time is not null or end_reason = '')
) with (fillfactor = 50);
create unique index condition_open
    on condition (kind, coalesce(scheme, ''), data_center_id, account, trigger, host, reason) where end_time is null;
create index condition_ended on condition (end_time desc) where end_time is not null;
comment on table condition is
    '状况, what stands still and why: one row per subject and kind while it lasts; one that returns within ten minutes '
    'is the same row';
comment on column condition.scheme is 'null where it is not about one scheme; the other names are empty instead';
comment on column condition.host is
    'the host that alone can see it, and that takes it along when it is gone; empty where any host may end it';
comment on column condition.reason is 'a code that narrows the kind, such as why a scheme is stopped';
comment on column condition.since is
    'when it began, which may be before the row: the trouble of the ledger itself is written when it is over';
comment on column condition.last_seen is 'when a host last met it, to within seconds';
comment on column condition.returns is 'how often it came back after it had ended';
comment on column condition.probe_time is 'when the harmless question is asked next; null: nobody asks';
comment on column condition.probes is 'how often it was asked in vain since it began or came back';

create table host (
    host       text primary key,
    version    text not null,
    first_time timestamptz not null default now(),
    beat_time  timestamptz not null default now()
) with (fillfactor = 50);
comment on table host is
    'the orchestrators on this ledger, each with its sign of life; one that is two minutes old loses its conditions';
comment on column host.host is 'the machine''s name and the port of gRPC, or as the settings say';
comment on column host.version is 'of its program';

-- A change is written twice: by whoever makes it, without a number, and once more when that has committed, with the
-- next number. So numbers come in the order in which watchers can see them, however long a transaction was open.
create table event_inbox (
    event_id    bigint generated always as identity,
    kind        text not null
                    check (kind in ('cancellation_settled', 'cancellation_needs_attention', 'cancellation_held',
                        'cancellation_released', 'work_item_opened', 'work_item_closed', 'condition_opened',
                        'condition_closed', 'run_ended', 'act', 'scheme_revised')),
    state       text not null default '',
    reason      text not null default '',
    scheme      text,
    about_id    bigint not null,
    create_time timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
comment on table event_inbox is
    'a change, written in the transaction that made it, until it is numbered; without an index, because all of it is '
    'read each time';
comment on column event_inbox.event_id is
    'in the order of writing: what follows from another change, which its writer saw, comes after it';

create table event (
    event_number bigint primary key,
    kind         text not null,
    state        text not null,
    reason       text not null,
    scheme       text,
    about_id     bigint not null,
    create_time  timestamptz not null
);
create index event_about on event (about_id);
comment on table event is
    'a change that has committed; kept for 90 days, without foreign keys to what it is about';
comment on column event.event_number is
    'in the order in which they can be seen: who has read up to a number misses nothing that comes later';
comment on column event.state is
    'that a cancellation or a run ended in, or stands in since; of a condition, what narrows its kind';
comment on column event.reason is
    'the outcome of a cancellation or why it waits; else the kind of the work item, condition or run, or the verb';
comment on column event.scheme is 'null where it is not about one scheme';
comment on column event.about_id is
    'the cancellation, work item, condition, run or act, or the number of the revision, as the kind says';
comment on column event.create_time is 'when the transaction began that made it';

-- Which database this is, as Postgres sees it: a copy, a restore or a server that took over differs in one of them.
create view ledger_place as
select (select system_identifier from pg_control_system()) as system_identifier,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer as timeline,
       (select oid from pg_database where datname = current_database()) as database_oid,
       'event'::regclass::oid as event_oid;
comment on view ledger_place is 'which database this is, as Postgres sees it; not to be asked of a standby';

create table ledger_identity (
    only_one          boolean primary key default true check (only_one),
    ledger_id         uuid not null,
    memory_id         uuid not null default gen_random_uuid(),
    draw_time         timestamptz not null default now(),
    system_identifier bigint not null,
    timeline          integer not null,
    database_oid      oid not null,
    event_oid         oid not null,
    newest_number     bigint not null default 0,
    dropped_number    bigint not null default 0,
    check (dropped_number <= newest_number)
) with (fillfactor = 50);
comment on table ledger_identity is
    'which ledger this is: one row. A token of the events is its id and a number; whoever numbers events locks it';
comment on column ledger_identity.ledger_id is
    'drawn anew when the place is another than the one that stands here: no token from before a restore is its';
comment on column ledger_identity.memory_id is
    'what hosts remember the ledger by: drawn anew only when a person confirms that an older one counts';
comment on column ledger_identity.newest_number is 'of the newest event';
comment on column ledger_identity.dropped_number is 'of the newest event that is no longer kept';

insert into ledger_identity (ledger_id, system_identifier, timeline, database_oid, event_oid)
select gen_random_uuid(), system_identifier, timeline, database_oid, event_oid from ledger_place;

create table ledger_memory_past (
    memory_id    uuid primary key,
    confirm_time timestamptz not null default now()
);
comment on table ledger_memory_past is
    'in place of which ledgers a person confirmed this one: a host that remembers one of them takes this one for it';

-- What holds a cancellation is told by its changing row, which forgets it. A bill's history does not.
create table cancellation_hold (
    cancellation_id bigint not null,
    hold_time       timestamptz not null default now(),
    hold_reason     text not null,
    primary key (cancellation_id, hold_time)
);
comment on table cancellation_hold is
    'each time that a cancellation was held; kept for ever. Who released it stands with the acts';
