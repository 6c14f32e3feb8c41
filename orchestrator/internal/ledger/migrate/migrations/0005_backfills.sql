-- Backfills: runs over bills that a person named, and the plans that are made before one.

-- +goose Up

create table run_backfill (
    run_id            bigint primary key references run,
    plan_only         boolean not null,
    before_cutover    boolean not null,
    from_time         timestamptz,
    to_time           timestamptz,
    numbers           text[],
    checked_revision  integer,
    actor             text not null,
    reason            text not null,
    rows_outside      bigint not null default 0,
    items             bigint not null default 0,
    counts            jsonb not null default '{}',
    numbers_not_found text[] not null default '{}',
    failures          integer not null default 0,
    not_before        timestamptz not null default now(),
    check ((from_time is null) = (to_time is null) and (from_time is null) <> (numbers is null))
) with (fillfactor = 50);
comment on table run_backfill is
    'of a backfill, what a person named, a range of dates or numbers, and what it came to; it moves no watermark';
comment on column run_backfill.plan_only is 'decides and lists only; nothing is owed until the plan is applied';
comment on column run_backfill.checked_revision is
    'another revision under which the whole plan was found to make the same requests';
comment on column run_backfill.rows_outside is
    'rows that Kingdee showed and that lie behind the range: a read has a lower edge only';
comment on column run_backfill.counts is 'items by what they came to';
comment on column run_backfill.not_before is 'after a fault of the vendor: when it goes on';

create table backfill_item (
    run_id           bigint not null references run_backfill,
    item             bigint not null,
    bill_id          bigint not null,
    bill_no          text not null,
    class            text not null,
    state            text not null check (state in ('new', 'already_owed', 'settled', 'held', 'nothing_owed', 'refused',
                         'undecodable')),
    order_kind       text not null default '',
    warehouse_number text not null default '',
    account          text not null default '',
    warehouse_code   text not null default '',
    order_code       text not null default '',
    order_type       text not null default '',
    cancel_reason    text not null default '',
    extend_props     jsonb not null default '{}',
    owner_code       text not null default '',
    triggers         text[] not null default '{}',
    evidence         text not null default '',
    generation       integer not null default 0,
    cancellation_id  bigint references cancellation,
    detail           text not null default '',
    seen             jsonb,
    primary key (run_id, item)
);
create index backfill_item_cancellation on backfill_item (cancellation_id) where cancellation_id is not null;
create index backfill_item_state on backfill_item (run_id, state, item);
comment on table backfill_item is
    'what a backfill came to: an order of a bill with its exact request, or a bill that cannot be read; for a list of '
    'numbers every bill';
comment on column backfill_item.cancellation_id is
    'the cancellation that it is; null in a plan for what would be new';
comment on column backfill_item.seen is
    'the bill''s states and stamps as the plan saw them: what differs when it is applied is refused';
