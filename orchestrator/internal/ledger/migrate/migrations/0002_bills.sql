-- Bills as they were last read, what they looked like while they were live, the warehouses' orders, and who claims
-- them.

-- +goose Up

create table bill (
    scheme             text not null references scheme,
    bill_id            bigint not null,
    former_id          bigint,
    bill_no            text not null,
    org                text not null,
    bill_kind          text not null,
    document_status    text not null,
    cancel_status      text not null,
    bill_create_time   timestamptz,
    modify_time        timestamptz,
    approve_time       timestamptz,
    cancel_time        timestamptz,
    cancel_is_date     boolean not null default false,
    closed             boolean not null default false,
    read_time          timestamptz not null,
    class              text not null check (class in ('live', 'voided', 'un_audited', 'never_audited',
                           'never_seen_live', 'before_cutover', 'not_selected', 'outside', 'undecodable', 'deleted')),
    class_reason       text not null default '',
    generation         integer not null check (generation >= 1),
    generation_live    boolean not null,
    ever_live          boolean not null,
    generation_approve timestamptz,
    generation_cancel  timestamptz,
    reread_time        timestamptz,
    first_seen_time    timestamptz not null default now(),
    update_time        timestamptz not null default now(),
    un_audited_since   timestamptz,
    un_audit_time      timestamptz,
    absent_since       timestamptz,
    gone_time          timestamptz,
    primary key (scheme, bill_id)
);
create index bill_number on bill (bill_no);
-- The newest bills of an organisation, and those made after a missing one, show that Kingdee still shows it to
-- us, also where the ledger knows of none.
create index bill_org on bill (scheme, org, bill_id);
create index bill_reread on bill (scheme, reread_time) where reread_time is not null;
-- A bill's stamp: what hours, the reach of the recheck and the newest bill go by.
create index bill_stamp on bill (scheme, (greatest(bill_create_time, modify_time, approve_time, cancel_time)));
create index bill_watched on bill (scheme, bill_id)
    where (document_status = 'C' and cancel_status = 'A') or class in ('un_audited', 'never_seen_live')
        or absent_since is not null;
create index bill_deleted on bill (scheme, bill_id) where class = 'deleted';
create index bill_absent on bill (scheme, bill_id) where absent_since is not null;
comment on column bill.bill_id is 'FID; below zero = none any longer: another bill has it, see former_id';
comment on column bill.former_id is
    'the FID that it had until that showed another bill, which was made at another moment or has another number; it '
    'counts as deleted';
comment on column bill.closed is
    'closed, not voided, under a scheme that counts both alike: cancel_status is B then, and cancel_time is when it '
    'was closed';
comment on column bill.read_time is 'when the query that showed this left: older knowledge never overwrites newer';
comment on column bill.reread_time is
    'from then on each run reads it again by id: a fresh read differed from this row, it cannot be decoded, or it is '
    'time to ask whether it lived unseen';
comment on column bill.generation_approve is 'last approve date other than unset that this generation has shown';
comment on column bill.un_audited_since is
    'the first of the reads in a row that showed it neither live nor voided, once it had been live or an approve date '
    'shows that: a dwell counts from it';
comment on column bill.un_audit_time is
    'the latest moment at which that can have happened: what cutovers are compared with';
comment on column bill.absent_since is
    'the first reconcile run in which it was missing; null again as soon as it is read';
comment on column bill.gone_time is 'when it was proved gone: its states are the last that it was seen in';

create table bill_snapshot (
    scheme     text not null,
    bill_id    bigint not null,
    generation integer not null,
    content    jsonb not null,
    read_time  timestamptz not null,
    primary key (scheme, bill_id, generation),
    foreign key (scheme, bill_id) references bill on update cascade
);
comment on table bill_snapshot is
    'the bill as it was last seen live in a generation: the warehouse order was made from this';

create table bill_content (
    scheme     text not null,
    bill_id    bigint not null,
    generation integer not null,
    content    jsonb not null,
    read_time  timestamptz not null,
    primary key (scheme, bill_id, generation),
    foreign key (scheme, bill_id) references bill on delete cascade on update cascade
);
comment on table bill_content is
    'what a bill showed that owed something in a generation of which there is no snapshot: its orders were made from '
    'this, and are when a revision corrects how they are named';

create table bill_doubt (
    scheme        text not null,
    bill_id       bigint not null,
    doubted_since timestamptz,
    store_time    timestamptz,
    content       jsonb,
    asked_time    timestamptz,
    questions     integer not null default 0,
    primary key (scheme, bill_id),
    foreign key (scheme, bill_id) references bill on delete cascade on update cascade
);
comment on table bill_doubt is
    'bills that may have lived without a read that showed it: nothing but the modify date moved while they were not '
    'live';
comment on column bill_doubt.doubted_since is
    'when the query left that last showed the date moved; null = it was asked about, or there is nothing to ask any '
    'longer';
comment on column bill_doubt.store_time is 'doubted_since by this server''s clock, and a little later';
comment on column bill_doubt.content is
    'what the first read after the last live one showed, where that maps to other orders than the snapshot';
comment on column bill_doubt.asked_time is 'when a question about the bill was asked last';
comment on column bill_doubt.questions is 'how many were asked in the bill''s generation';

create table bill_live_again (
    scheme          text not null,
    bill_id         bigint not null,
    cancellation_id bigint not null,
    note_time       timestamptz not null default now(),
    primary key (scheme, bill_id, cancellation_id),
    foreign key (scheme, bill_id) references bill on delete cascade on update cascade
);
comment on table bill_live_again is
    'a bill was seen live after an order of it was cancelled, and the scheme says that the WMS takes its number again: '
    'nobody''s work, but a line of the bill''s history';

create table warehouse_order (
    order_id       bigint generated always as identity primary key,
    account        text not null,
    warehouse_code text not null,
    order_code     text not null,
    order_type     text not null,
    constraint warehouse_order_once unique (account, warehouse_code, order_code, order_type)
);
comment on table warehouse_order is
    'an order of a warehouse, as the WMS knows it: written once, by the first bill that it is owed for';
comment on column warehouse_order.account is 'of the WMS';

-- Whether a claim still holds its order is asked of the bill: until it is voided or deleted.
create table claim (
    scheme      text not null,
    bill_id     bigint not null,
    generation  integer not null,
    order_id    bigint not null references warehouse_order,
    revision    integer not null,
    create_time timestamptz not null default now(),
    primary key (scheme, bill_id, order_id),
    foreign key (scheme, bill_id) references bill on update cascade
);
-- Asked for each order before a request leaves: which other bills claim it?
create index claim_order on claim (order_id);
comment on table claim is
    'a bill''s hold on an order that its snapshot maps to, written with the snapshot: the cancellation of another bill '
    'must respect it';
comment on column claim.generation is 'the latest generation of the bill whose snapshot mapped to the order';
comment on column claim.revision is
    'the revision of the scheme by which it was mapped; later revisions add claims and take none away';
