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
create index work_item_of_bill on work_item (scheme, bill_id);
create index work_item_bill_no on work_item (bill_no) where bill_no <> '';
create index work_item_subject on work_item (kind, subject) where close_time is null and subject <> '';
-- Asked with each answer: is there work that it may close?
create index work_item_open on work_item (scheme, bill_id) where close_time is null;
create index work_item_open_newest on work_item (work_item_id) where close_time is null;
comment on table work_item is 'something only a person can settle; what to do is said per kind';
comment on column work_item.subject is 'what else it is about, such as a warehouse number';

create table work_item_bill (
    work_item_id bigint not null references work_item,
    scheme       text not null,
    bill_id      bigint not null,
    bill_no      text not null,
    create_time  timestamptz not null default now(),
    primary key (work_item_id, bill_id)
);
create index work_item_bill_bill on work_item_bill (scheme, bill_id);
comment on table work_item_bill is
    'the bills that wait for a work item which is about something that many have in common, such as a warehouse';

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
create index operator_action_request on operator_action (request_id) where request_id is not null;
comment on table operator_action is 'what persons did, with who and why; kept for ever';
comment on column operator_action.scheme is
    'null for what concerns several schemes, all, or one that there is not yet: then the parameters name it';
comment on column operator_action.request_id is 'the caller''s own name for the call; first_reply makes it once only';

create table first_reply (
    caller       text not null,
    method       text not null,
    request_id   text not null,
    request_hash bytea not null,
    reply        bytea not null default '',
    reply_time   timestamptz not null default now(),
    primary key (caller, method, request_id)
);
create index first_reply_time on first_reply (reply_time);
create index first_reply_request on first_reply (request_id);
comment on table first_reply is
    'what a write was answered, in the transaction that did it: who repeats it within 30 days is answered the same';
comment on column first_reply.method is 'of gRPC, with its service';
comment on column first_reply.request_hash is 'SHA-256 of what was asked for; anything else under this id is refused';
comment on column first_reply.reply is 'the message as it was sent';

create table operator_action_cancellation (
    operator_action_id bigint not null references operator_action,
    cancellation_id    bigint not null references cancellation,
    primary key (operator_action_id, cancellation_id)
);
create index operator_action_cancellation_history on operator_action_cancellation (cancellation_id);
comment on table operator_action_cancellation is 'each cancellation that an act changed';
