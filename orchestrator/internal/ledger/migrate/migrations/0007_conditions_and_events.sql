-- What is everybody's trouble while it lasts, and what changed, told to watchers in one order. Neither is written yet.

-- +goose Up

create table condition (
    condition_id bigint generated always as identity primary key,
    kind         text not null,
    subject      text not null default '',
    scheme       text references scheme,
    host         text not null default '',
    detail       text not null default '',
    since        timestamptz not null default now(),
    last_seen    timestamptz not null default now(),
    end_time     timestamptz
);
create unique index condition_open on condition (kind, subject) where end_time is null;
comment on table condition is
    'what stands still and why: one row per subject and kind while it lasts; one that returns within minutes is the '
    'same row';
comment on column condition.subject is
    'what it is about: a data centre, a WMS account, a scheme or a host, with a trigger or a host where each has its '
    'own; empty for everything';
comment on column condition.scheme is 'null where it is not about one scheme';
comment on column condition.host is
    'the host that alone can see it, and that takes it along when it is gone; empty where any host may end it';
comment on column condition.since is
    'when it began, which may be before the row: the trouble of the ledger itself is written when it is over';
comment on column condition.last_seen is 'when a host last met it';

create table event (
    event_id           bigint generated always as identity primary key,
    event_number       bigint,
    kind               text not null,
    scheme             text,
    bill_id            bigint,
    cancellation_id    bigint,
    work_item_id       bigint,
    condition_id       bigint,
    run_id             bigint,
    operator_action_id bigint,
    payload            jsonb not null default '{}',
    create_time        timestamptz not null default now(),
    constraint event_number_once unique (event_number)
);
create index event_unnumbered on event (event_id) where event_number is null;
comment on table event is
    'a change, written in the transaction that made it; kept for 90 days, without foreign keys to what it is about';
comment on column event.event_id is 'in the order of writing, which is not the order of commits';
comment on column event.event_number is
    'null until its transaction has committed and the sequencer has numbered it: who has read up to a number misses '
    'nothing that comes later';
comment on column event.scheme is 'null where it is not about one scheme; so are the ids of what it is not about';
