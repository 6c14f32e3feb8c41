-- Housekeeping with its record.

-- +goose Up

create table chore (
    chore         text primary key,
    last_run_time timestamptz not null default now(),
    last_error    text not null default ''
);
comment on table chore is 'each part of housekeeping, with when it last came to its end';
comment on column chore.last_error is 'why it did not this time; it is tried again with the next run';

create table housekeeping (
    housekeeping_id bigint generated always as identity primary key,
    chore           text not null,
    subject         text not null default '',
    row_count       bigint not null,
    byte_count      bigint not null default 0,
    remove_time     timestamptz not null default now()
);
comment on table housekeeping is
    'what housekeeping removed, a row a chunk, written in the transaction that removed it';
comment on column housekeeping.byte_count is
    'disk space given back; 0 where rows were removed from a table that stays, whose space is used again';
