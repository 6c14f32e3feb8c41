-- What is owed, and what was tried. What it costs to send a cancellation counts here: each change of an indexed column
-- writes every index of its table anew, and a foreign key is looked up row by row.

-- +goose Up

create table cancellation (
    cancellation_id       bigint generated always as identity primary key,
    scheme                text not null references scheme,
    bill_id               bigint not null,
    bill_no               text not null,
    generation            integer not null,
    affair_type           text not null,
    direction             text not null check (direction in ('in', 'out')),
    warehouse_number      text not null,
    account               text not null,
    warehouse_code        text not null,
    order_code            text not null,
    order_type            text not null,
    cancel_reason         text not null,
    extend_props          jsonb not null default '{}',
    owner_code            text not null default '',
    triggers              text[] not null default '{voided}',
    evidence              text not null check (evidence in ('snapshot', 'approved', 'weak')),
    orders_from           text not null check (orders_from in ('snapshot', 'current')),
    revision              integer not null,
    run_id                bigint references run,
    business_date         date not null,

    state                 text not null check (state in ('planned', 'open', 'held', 'done', 'needs_attention',
                              'withdrawn', 'dry_run', 'closed')),
    hold_reason           text not null default '',
    outcome               text not null default '',
    inferred              boolean not null default false,
    verified_time         timestamptz not null,
    number_read_time      timestamptz,
    unread_since          timestamptz,
    decide_time           timestamptz,
    due_time              timestamptz not null default now(),
    batch_until           timestamptz,
    attempt               integer not null default 0,
    lease_until           timestamptz,
    disposition           text not null default '',
    same_disposition      text not null default '',
    same_count            integer not null default 0,
    same_since            timestamptz,
    maybe_landed          boolean not null default false,
    vendor_message        text not null default '',
    create_time           timestamptz not null default now(),
    update_time           timestamptz not null default now(),
    outcome_time          timestamptz,
    answer_changes        integer not null default 0,
    unsent_since          timestamptz,
    holders_accepted_time timestamptz,
    not_before            timestamptz,
    unsent_time           timestamptz,
    unsent_for            interval not null default '0',
    answer_lost           boolean not null default false,
    traceparent           text not null default '',

    constraint cancellation_once
        unique (scheme, bill_id, account, warehouse_code, order_code, order_type, generation),
    check ((state = 'held') = (hold_reason <> '') or state = 'planned'),
    check ((state in ('done', 'withdrawn', 'dry_run', 'closed')) = (outcome_time is not null)),
    check (lease_until is null or attempt > 0)
) with (fillfactor = 70);
create index cancellation_due on cancellation (due_time) where state = 'open';
create index cancellation_planned on cancellation (scheme, bill_id) where state in ('planned', 'open', 'held');
create index cancellation_waiting on cancellation (scheme, bill_id) where state = 'planned';
create index cancellation_bill_no on cancellation (bill_no, cancellation_id desc);
create index cancellation_decided on cancellation (scheme, decide_time);
create index cancellation_state on cancellation (state, cancellation_id desc) where state not in ('done', 'withdrawn');
create index cancellation_business_date on cancellation (business_date);
create index cancellation_number_live on cancellation (scheme, due_time)
    where state = 'withdrawn' and outcome = 'number_live';
create index cancellation_number_live_no on cancellation (bill_no)
    where state = 'withdrawn' and outcome = 'number_live';
comment on table cancellation is
    'a cancellation: this order in this warehouse must be cancelled, for this bill and generation; kept for ever, '
    'with an outcome';
comment on column cancellation.triggers is 'everything that ever called for it, in one generation';
comment on column cancellation.verified_time is
    'when the Kingdee query that last showed the bill with its trigger left; send_before follows from it';
comment on column cancellation.number_read_time is
    'when the bill''s number was last read in Kingdee; what the ledger learned later about its holders counts again';
comment on column cancellation.same_disposition is
    'the answer that same_count counts since same_since; not_sent and throttled do not interrupt it';
comment on column cancellation.answer_changes is
    'how often an answer was another than the one before it: capped, because a change begins every other count anew';
comment on column cancellation.unsent_since is
    'since when nothing could be sent, without an answer in between; what a release or a resume lets go on begins anew';
comment on column cancellation.unsent_time is 'when it last could not be sent';
comment on column cancellation.unsent_for is
    'how much of the time since unsent_since the WMS answered others of the account: what retry_for counts';
comment on column cancellation.holders_accepted_time is
    'when a person released it although the ledger knew other live bills of its number: what was known of them by then '
    'does not hold it again';
comment on column cancellation.decide_time is 'when a complete run made it owed: what the safety limits count';
comment on column cancellation.lease_until is
    'an attempt is in flight until then, by this server''s clock; past it and without an answer it is unknown';
comment on column cancellation.batch_until is 'handed to a push job until then; past it, it is gathered again';
comment on column cancellation.maybe_landed is 'an earlier attempt may have changed something in the WMS';
comment on column cancellation.not_before is
    'the end of the dwell, while an un-audit is all that calls for it; the read before the request must be later';
-- Only after a lost answer may "not found" mean that the request did it after all; what a proxy answers in the WMS's
-- stead is no lost answer.
comment on column cancellation.answer_lost is
    'an earlier attempt left and its answer was lost (time-out, broken connection), so that it may have cancelled the '
    'order';
comment on column cancellation.traceparent is
    'place in the trace that planned it, as W3C Trace Context writes it; its requests are parts of that trace. Empty '
    'where nothing was traced';

-- The end states of cancellations change seldom and are many: they are counted block by block and kept. A row that was
-- not settled when its block was counted is in pending, and lets the block be counted again.
create table cancellation_count (
    block      bigint not null,
    scheme     text not null,
    state      text not null,
    count      bigint not null,
    pending    boolean not null,
    count_time timestamptz not null default now(),
    primary key (block, scheme, state)
);
comment on table cancellation_count is
    'how many cancellations of a block of ids have ended how; what has not ended is counted when it is asked for';

create table attempt (
    cancellation_id bigint not null,
    attempt         integer not null,
    intent_time     timestamptz not null default now(),
    send_before     timestamptz not null,
    send_time       timestamptz,
    reply_time      timestamptz,
    result_time     timestamptz,
    disposition     text not null default '' check (disposition in ('', 'cancelled', 'already_cancelled', 'in_progress',
                        'too_late', 'not_found', 'rejected', 'auth', 'throttled', 'not_sent', 'unknown')),
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
-- The attempts without an answer are few, and lead to the cancellations whose lease may have run out. So a lease
-- changes nothing that an index of the cancellations knows.
create index attempt_unanswered on attempt (intent_time) where disposition = '';
comment on table attempt is
    'one request to the WMS; the row is written before the request is handed over. No answer yet = it may have reached '
    'the WMS';
comment on column attempt.cancellation_id is
    'of a row in cancellation, which the statement that writes the attempt has locked; no foreign key, because '
    'cancellations are never deleted';

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
