-- What only people can settle, and what they did.

-- +goose Up

create table work_item (
    work_item_id    bigint generated always as identity primary key,
    scheme          text not null references scheme,
    kind            text not null,
    bill_id         bigint not null default 0,
    bill_no         text not null default '',
    cancellation_id bigint not null default 0,
    subject         text not null default '',
    detail          text not null default '',
    create_time     timestamptz not null default now(),
    close_time      timestamptz,
    close_reason    text not null default '',
    check ((close_time is null) = (close_reason = ''))
);
create unique index work_item_once on work_item (scheme, kind, bill_id, cancellation_id, subject)
    where close_time is null;
create index work_item_cancellation on work_item (cancellation_id) where cancellation_id <> 0;
create index work_item_bill on work_item (scheme, bill_id);
create index work_item_bill_no on work_item (bill_no) where bill_no <> '';
-- Asked with each answer: is there work that it may close?
create index work_item_open on work_item (scheme, bill_id) where close_time is null;
comment on table work_item is 'something only a person can settle; what to do is said per kind';
comment on column work_item.subject is 'what else it is about, such as a warehouse number';

create table operator_action (
    operator_action_id bigint generated always as identity primary key,
    actor              text not null,
    verb               text not null,
    scheme             text references scheme,
    reason             text not null,
    request_id         text,
    parameters         jsonb not null default '{}',
    result             jsonb not null default '{}',
    create_time        timestamptz not null default now()
);
create unique index operator_action_request on operator_action (request_id) where request_id is not null;
-- An act may be about no scheme or about several.
comment on column operator_action.scheme is 'null for what concerns all schemes';

create table operator_action_cancellation (
    operator_action_id bigint not null references operator_action,
    cancellation_id    bigint not null references cancellation,
    primary key (operator_action_id, cancellation_id)
);
create index operator_action_cancellation_history on operator_action_cancellation (cancellation_id);
comment on table operator_action_cancellation is 'each cancellation that an act changed';
