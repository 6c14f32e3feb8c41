-- The ledger: what was seen, what is owed, what was tried. Postgres is the only memory; any process may be killed at any line.
-- All tables live in the schema voidrelay, which is on the search path when this runs.

-- +goose Up

create table scheme (
    scheme           text primary key,
    title            text not null,
    form_id          text not null,
    data_center_id   text not null,
    wms_accounts     text[] not null,
    revision         integer not null,
    active           boolean not null default true,
    state            text not null default 'running' check (state in ('running', 'stopped')),
    stop_reason      text not null default '',
    stop_detail      text not null default '',
    mode             text not null default 'dry_run' check (mode in ('dry_run', 'send')),
    send_since       timestamptz,
    safety_limit_reset_time timestamptz,
    incremental_millis      bigint not null,
    create_time      timestamptz not null default now(),
    update_time      timestamptz not null default now(),
    check ((state = 'stopped') = (stop_reason <> ''))
);
comment on column scheme.active is 'the scheme stands in the file that was loaded last';
comment on column scheme.send_since is 'when an operator set it to send: a cutover for bills never seen live';

create table scheme_revision (
    scheme       text not null references scheme,
    revision     integer not null,
    content_hash text not null,
    document     text not null,
    create_time  timestamptz not null default now(),
    primary key (scheme, revision)
);

create table watermark (
    scheme          text primary key references scheme,
    watermark_time       timestamptz not null,
    version         bigint not null default 1,
    data_center_id  text not null,
    environment     text not null check (environment in ('real', 'sandbox')),
    time_zone       text not null,
    effective_from  timestamptz not null,
    wms_sids        jsonb not null default '{}',
    last_run_time  timestamptz not null default now(),
    last_run_rows  bigint not null default 0
) with (fillfactor = 50);
comment on table watermark is 'how far a scheme has read Kingdee, by Kingdee''s clock; the row appears when the baseline is complete';
comment on column watermark.wms_sids is 'the sid behind each WMS account name, as first met: another one stops the scheme';
comment on column watermark.version is 'moves with every change: the compare-and-set that keeps two runs apart';

create table run_failure (
    scheme      text primary key references scheme,
    error       text not null,
    failures    integer not null,
    last_time   timestamptz not null default now(),
    not_before  timestamptz not null
);
comment on table run_failure is 'why the last run did not end, and when to try again; gone once one ends';

create table run (
    run_id      bigint generated always as identity primary key,
    scheme       text not null references scheme,
    kind         text not null check (kind in ('baseline', 'incremental')),
    state        text not null default 'running' check (state in ('running', 'complete', 'failed')),
    revision     integer not null,
    watermark_version bigint not null,
    lower_edge   timestamptz not null,
    vendor_time  timestamptz,
    service_time timestamptz not null,
    clock_note   text not null default '',
    clock_suspect boolean not null default false,
    watermark_before  timestamptz,
    watermark_after   timestamptz,
    cursor_id    bigint not null default 0,
    run_counts       jsonb not null default '{}',
    start_time   timestamptz not null default now(),
    end_time     timestamptz,
    error        text not null default '',
    check ((state = 'running') = (end_time is null)),
    check ((state = 'failed') = (error <> ''))
);
create unique index run_one_unfinished on run (scheme) where state = 'running';
create index run_newest on run (scheme, run_id desc);
comment on column run.vendor_time is 'the vendor''s clock of the run''s first header; null when it gave none';

create table bill (
    scheme          text not null references scheme,
    bill_id         bigint not null,
    bill_no         text not null,
    org             text not null,
    affair_type     text not null,
    document_status text not null,
    cancel_status   text not null,
    bill_create_time timestamptz,
    modify_time     timestamptz,
    approve_time    timestamptz,
    cancel_time     timestamptz,
    cancel_is_date  boolean not null default false,
    read_time       timestamptz not null,
    class           text not null check (class in ('live', 'voided', 'un_audited', 'never_audited', 'before_cutover', 'not_selected', 'undecodable')),
    class_reason    text not null default '',
    generation           integer not null check (generation >= 1),
    generation_live      boolean not null,
    ever_live       boolean not null,
    generation_approve   timestamptz,
    generation_cancel    timestamptz,
    reread_time    timestamptz,
    first_seen_time timestamptz not null default now(),
    update_time     timestamptz not null default now(),
    primary key (scheme, bill_id)
);
create index bill_number on bill (bill_no);
create index bill_reread on bill (scheme, reread_time) where reread_time is not null;
comment on column bill.bill_id is 'FID';
comment on column bill.read_time is 'when the query that showed this left: older knowledge never overwrites newer';
comment on column bill.reread_time is 'from then on each run reads it again by id: a fresh read differed from this row, or it cannot be decoded';
comment on column bill.generation_approve is 'last approve date other than unset that this generation has shown';

create table bill_snapshot (
    scheme    text not null,
    bill_id   bigint not null,
    generation     integer not null,
    content   jsonb not null,
    read_time timestamptz not null,
    primary key (scheme, bill_id, generation),
    foreign key (scheme, bill_id) references bill
);
comment on table bill_snapshot is 'the bill as it was last seen live in a generation: the warehouse order was made from this';

create table cancellation (
    cancellation_id bigint generated always as identity primary key,
    scheme          text not null references scheme,
    bill_id         bigint not null,
    bill_no         text not null,
    generation           integer not null,
    affair_type     text not null,
    direction       text not null check (direction in ('in', 'out')),
    warehouse_number text not null,
    account         text not null,
    warehouse_code  text not null,
    order_code      text not null,
    order_type      text not null,
    cancel_reason   text not null,
    extend_props    jsonb not null default '{}',
    owner_code      text not null default '',
    triggers        text[] not null default '{voided}',
    evidence        text not null check (evidence in ('snapshot', 'approved', 'weak')),
    orders_from       text not null check (orders_from in ('snapshot', 'current')),
    revision        integer not null,
    run_id         bigint references run,
    business_date   date not null,

    state           text not null check (state in ('planned', 'open', 'held', 'done', 'needs_attention', 'withdrawn', 'dry_run', 'closed')),
    hold_reason     text not null default '',
    outcome         text not null default '',
    inferred        boolean not null default false,
    verified_time   timestamptz not null,
    number_read_time timestamptz,
    unread_since    timestamptz,
    decide_time     timestamptz,
    due_time        timestamptz not null default now(),
    batch_until     timestamptz,
    attempt         integer not null default 0,
    lease_until     timestamptz,
    disposition     text not null default '',
    same_disposition text not null default '',
    same_count      integer not null default 0,
    same_since      timestamptz,
    maybe_landed    boolean not null default false,
    vendor_message  text not null default '',
    create_time     timestamptz not null default now(),
    update_time     timestamptz not null default now(),
    outcome_time    timestamptz,
    answer_changes  integer not null default 0,
    unsent_since    timestamptz,
    holders_accepted_time timestamptz,

    constraint cancellation_once unique (scheme, bill_id, account, warehouse_code, order_code, order_type, generation),
    check ((state = 'held') = (hold_reason <> '') or state = 'planned'),
    check ((state in ('done', 'withdrawn', 'dry_run', 'closed')) = (outcome_time is not null)),
    check (lease_until is null or attempt > 0)
) with (fillfactor = 70);
create index cancellation_due on cancellation (due_time) where state = 'open';
create index cancellation_leased on cancellation (lease_until) where lease_until is not null;
create index cancellation_planned on cancellation (scheme, bill_id) where state in ('planned', 'open', 'held');
create index cancellation_waiting on cancellation (scheme, bill_id) where state = 'planned';
create index cancellation_bill_no on cancellation (bill_no, cancellation_id desc);
create index cancellation_decided on cancellation (scheme, decide_time);
create index cancellation_state on cancellation (state, cancellation_id desc) where state not in ('done', 'withdrawn');
create index cancellation_business_date on cancellation (business_date);
comment on table cancellation is 'a cancellation: this order in this warehouse must be cancelled, for this bill and generation; kept for ever, with an outcome';
comment on column cancellation.verified_time is 'when the Kingdee query that last showed the bill with its trigger left; send_before follows from it';
comment on column cancellation.number_read_time is 'when the bill''s number was last read in Kingdee; what the ledger learned later about its holders counts again';
comment on column cancellation.same_disposition is 'the answer that same_count counts since same_since; not_sent and throttled do not interrupt it';
comment on column cancellation.answer_changes is 'how often an answer was another than the one before it: capped, because a change begins every other count anew';
comment on column cancellation.unsent_since is 'since when nothing could be sent, without an answer in between; what a release or a resume lets go on begins anew';
comment on column cancellation.holders_accepted_time is 'when a person released it although the ledger knew other live bills of its number: what was known of them by then does not hold it again';
comment on column cancellation.decide_time is 'when a complete run made it owed: what the safety limits count';
comment on column cancellation.lease_until is 'an attempt is in flight until then, by this server''s clock; past it and without an answer it is unknown';
comment on column cancellation.batch_until is 'handed to a push job until then; past it, it is gathered again';
comment on column cancellation.maybe_landed is 'an earlier attempt may have changed something in the WMS';

create table attempt (
    cancellation_id bigint not null references cancellation,
    attempt         integer not null,
    intent_time     timestamptz not null default now(),
    send_before     timestamptz not null,
    send_time       timestamptz,
    reply_time      timestamptz,
    result_time     timestamptz,
    disposition     text not null default '' check (disposition in ('', 'cancelled', 'already_cancelled', 'in_progress', 'too_late',
                        'not_found', 'rejected', 'auth', 'throttled', 'not_sent', 'unknown')),
    recognised      boolean not null default false,
    http_status     integer not null default 0,
    vendor_flag     text not null default '',
    vendor_code     text not null default '',
    vendor_message  text not null default '',
    detail          text not null default '',
    dictionary      text not null default '',
    primary key (cancellation_id, attempt),
    check ((result_time is null) = (disposition = ''))
);
comment on table attempt is 'one request to the WMS; the row is written before the request is handed over. No answer yet = it may have reached the WMS';

create table attempt_evidence (
    cancellation_id bigint not null,
    attempt         integer not null,
    store_time      timestamptz not null default now(),
    request         bytea not null,
    reply           bytea not null
) partition by range (store_time);
create table attempt_evidence_rest partition of attempt_evidence default;
create index attempt_evidence_key on attempt_evidence (cancellation_id, attempt);
comment on table attempt_evidence is 'masked request and raw reply; a partition a month, dropped when it is old';

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
create unique index work_item_once on work_item (scheme, kind, bill_id, cancellation_id, subject) where close_time is null;
create index work_item_cancellation on work_item (cancellation_id) where cancellation_id <> 0;
create index work_item_bill on work_item (scheme, bill_id);
comment on table work_item is 'something only a person can settle; what to do is said per kind';
comment on column work_item.subject is 'what else it is about, such as a warehouse number';

create table operator_action (
    operator_action_id bigint generated always as identity primary key,
    actor       text not null,
    verb        text not null,
    scheme      text not null references scheme,
    reason      text not null,
    request_id  text,
    parameters  jsonb not null default '{}',
    result      jsonb not null default '{}',
    create_time timestamptz not null default now()
);
create unique index operator_action_request on operator_action (request_id) where request_id is not null;
