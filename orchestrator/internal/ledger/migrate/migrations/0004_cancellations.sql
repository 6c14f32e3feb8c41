-- What is owed, how it stands, how it ended, and what was tried. What never changes and what changes live apart: the
-- facts of a cancellation are written once; its changing row exists only while it is unsettled, and is all that sending
-- writes; when it settles, that row goes and an outcome is appended. What it costs to send a cancellation counts here:
-- each change of an indexed column writes every index of its table anew, and a foreign key is looked up row by row.

-- +goose Up

create table cancellation (
    cancellation_id  bigint generated always as identity primary key,
    scheme           text not null references scheme,
    bill_id          bigint not null,
    bill_no          text not null,
    generation       integer not null,
    question         integer not null default 0,
    order_id         bigint not null references warehouse_order,
    bill_kind        text not null,
    direction        text not null check (direction in ('in', 'out')),
    warehouse_number text not null,
    cancel_reason    text not null,
    extend_props     jsonb not null default '{}',
    owner_code       text not null default '',
    triggers         text[] not null default '{voided}',
    evidence         text not null check (evidence in ('snapshot', 'approved', 'weak')),
    orders_from      text not null check (orders_from in ('snapshot', 'current')),
    revision         integer not null,
    run_id           bigint references run_reading,
    business_date    date not null,
    traceparent      text not null default '',
    create_time      timestamptz not null default now(),
    update_time      timestamptz not null default now(),
    constraint cancellation_once
        unique (scheme, bill_id, bill_kind, direction, warehouse_number, generation, question)
);
create index cancellation_order on cancellation (order_id);
create index cancellation_bill_no on cancellation (bill_no, cancellation_id desc);
-- Rows come in the order of these times: a summary of each range of pages leads to those of a range of time, and costs
-- a writer nothing.
create index cancellation_created on cancellation using brin (create_time) with (pages_per_range = 16, autosummarize);
create index cancellation_business_date on cancellation (business_date);
comment on table cancellation is
    'a cancellation: the order of this kind and Kingdee warehouse must be cancelled, for this bill and generation; '
    'kept for ever. Written once; only a further trigger, being planned anew, or another id of its bill changes it';
comment on column cancellation.order_id is
    'the order that the mapping of its revision makes of that; another mapping of later makes no second cancellation';
comment on column cancellation.question is
    '0 = owed; 1, 2, … = a question of this generation: the bill may have lived unseen, and the WMS is asked once more';
comment on column cancellation.triggers is 'everything that ever called for it, in one generation';
comment on column cancellation.run_id is 'the run that last planned it; null = it was decided outside a run';
comment on column cancellation.traceparent is
    'place in the trace that planned it, as W3C Trace Context writes it; its requests are parts of that trace. Empty '
    'where nothing was traced';

create table answer_text (
    text_id        bigint generated always as identity primary key,
    success        boolean not null,
    text           text not null,
    example        text not null,
    answers        bigint not null default 0,
    first_time     timestamptz not null default now(),
    last_time      timestamptz not null default now(),
    disposition    text not null default '' check (disposition in ('', 'cancelled', 'already_cancelled',
                       'in_progress', 'too_late', 'not_found', 'rejected')),
    classify_time  timestamptz,
    classified_by  text not null default '',
    reason         text not null default '',
    check ((disposition = '') = (classify_time is null)),
    check (success or disposition <> 'cancelled')
);
-- A text may be longer than an index takes.
create unique index answer_text_once on answer_text (success, md5(text));
comment on table answer_text is
    'a text of the WMS that its adapter does not know, and what a person says that it means; that holds for every '
    'answer with this text, of whatever scheme and account';
comment on column answer_text.success is 'it came with a success; the same text of a failure is another one';
comment on column answer_text.text is
    'as the adapter compares texts: with # where the order''s own number, warehouse, type, id or a time stood';
comment on column answer_text.example is 'as the WMS gave it first';
comment on column answer_text.answers is 'how often it came';
comment on column answer_text.disposition is 'what a person says that it means; empty = nobody has said';

create table unsettled_cancellation (
    cancellation_id       bigint primary key,
    order_id              bigint not null,
    scheme                text not null,
    bill_id               bigint not null,
    account               text not null,
    question              integer not null default 0,
    times_settled         integer not null default 0,
    watched               boolean not null default false,
    state                 text not null check (state in ('planned', 'open', 'held', 'needs_attention')),
    hold_reason           text not null default '',
    decide_time           timestamptz,
    not_before            timestamptz,
    due_time              timestamptz not null default now(),
    batch_until           timestamptz,
    lease_until           timestamptz,
    attempt               integer not null default 0,
    verified_time         timestamptz not null,
    claimed_since         timestamptz,
    unread_since          timestamptz,
    unsent_since          timestamptz,
    disposition           text not null default '',
    vendor_message        text not null default '',
    same_disposition      text not null default '',
    same_count            integer not null default 0,
    same_since            timestamptz,
    answer_changes        integer not null default 0,
    maybe_landed          boolean not null default false,
    answer_lost           boolean not null default false,
    text_id               bigint,
    awaits_text           boolean not null default false,
    update_time           timestamptz not null default now(),
    check (not awaits_text or text_id is not null),
    check ((state = 'held') = (hold_reason <> '') or state = 'planned'),
    check (lease_until is null or attempt > 0)
) with (fillfactor = 50);
-- None of these columns is written by what sends: gathering, verifying and leasing a row change no index.
create index unsettled_due on unsettled_cancellation (question, due_time) where state = 'open' and not awaits_text;
create index unsettled_text on unsettled_cancellation (text_id) where text_id is not null;
-- An order has at most one unsettled cancellation. What a scheme plans that only watches stands in nobody's way: none
-- of it is sent.
create unique index unsettled_order on unsettled_cancellation (order_id) where not watched;
create index unsettled_bill on unsettled_cancellation (scheme, bill_id);
create index unsettled_planned on unsettled_cancellation (scheme, bill_id) where state = 'planned';
create index unsettled_state on unsettled_cancellation (state, cancellation_id desc);
-- Asked whenever a run ends: does any that is held need to be told?
create index unsettled_held on unsettled_cancellation (scheme, hold_reason) where state = 'held';
create index unsettled_decided on unsettled_cancellation (scheme, decide_time);
comment on table unsettled_cancellation is
    'the changing row of a cancellation: it exists while the cancellation is not settled, and is the one that sends';
comment on column unsettled_cancellation.cancellation_id is
    'of a row in cancellation; no foreign key, because cancellations are never deleted';
comment on column unsettled_cancellation.order_id is
    'as the cancellation has it, like scheme, bill_id, account and question: what dispatch asks for stands in its own '
    'row';
comment on column unsettled_cancellation.times_settled is
    'how often it was settled before, and so how many outcomes it has that do not count any longer';
comment on column unsettled_cancellation.watched is
    'planned while its scheme was in dry run, where it ends as dry_run with its run';
comment on column unsettled_cancellation.hold_reason is
    'why it is held or, while it is planned, why it will be; empty = nothing holds it';
comment on column unsettled_cancellation.decide_time is
    'when a complete run made it owed: what the safety limits count; null of a question, which they do not';
comment on column unsettled_cancellation.not_before is
    'the end of the dwell, while an un-audit is all that calls for it; the read before the request must be later';
comment on column unsettled_cancellation.batch_until is
    'handed to a push job until then; past it, it is gathered again';
comment on column unsettled_cancellation.lease_until is
    'an attempt is in flight until then, by this server''s clock; past it and without an answer it is unknown';
comment on column unsettled_cancellation.verified_time is
    'when the Kingdee query that last showed the bill with its trigger left; send_before follows from it';
comment on column unsettled_cancellation.claimed_since is
    'since when another bill claims the order as far as the ledger knows, and Kingdee does not confirm it';
comment on column unsettled_cancellation.unread_since is
    'since when its bill could not be read, moved on by the time in which others were not read either';
comment on column unsettled_cancellation.unsent_since is
    'since when nothing could be sent, without an answer in between; what a release or a resume lets go on begins anew';
comment on column unsettled_cancellation.same_disposition is
    'the answer that same_count counts since same_since; not_sent and throttled do not interrupt it';
comment on column unsettled_cancellation.answer_changes is
    'how often an answer was another than the one before it: capped, because a change begins every other count anew';
comment on column unsettled_cancellation.maybe_landed is 'an earlier attempt may have changed something in the WMS';
-- Only after a lost answer may "not found" mean that the request did it after all; what a proxy answers in the WMS's
-- stead is no lost answer.
comment on column unsettled_cancellation.answer_lost is
    'an earlier attempt left and its answer was lost (time-out, broken connection), so that it may have cancelled the '
    'order';
comment on column unsettled_cancellation.text_id is
    'of a row in answer_text: the last answer has a text that the adapter does not know; null = it is known';
comment on column unsettled_cancellation.awaits_text is
    'open and not due: it waits until a person has said what that text means';

create table shared_cancellation (
    cancellation_id bigint primary key,
    same_order_as   bigint not null,
    scheme          text not null,
    bill_id         bigint not null,
    times_settled   integer not null default 0,
    hold_reason     text not null default '',
    not_before      timestamptz,
    lease_until     timestamptz,
    attempt         integer not null default 0,
    disposition     text not null default '',
    vendor_message  text not null default '',
    maybe_landed    boolean not null default false,
    answer_lost     boolean not null default false,
    decide_time     timestamptz,
    due_time        timestamptz not null default now(),
    update_time     timestamptz not null default now()
);
create index shared_same_order on shared_cancellation (same_order_as);
create index shared_bill on shared_cancellation (scheme, bill_id);
comment on table shared_cancellation is
    'same_order: a further owner of an order that has an unsettled cancellation already. It stands as that one does, '
    'is sent and verified with it, and ends with it; a row is here instead of one in unsettled_cancellation';
comment on column shared_cancellation.same_order_as is
    'the cancellation that is sent: of a row in unsettled_cancellation. Whoever points to it has locked that row, and '
    'whoever takes that row away settles this one or lets it take the order over';
comment on column shared_cancellation.hold_reason is 'why it will be held if it takes the order over';
comment on column shared_cancellation.attempt is
    'its own, of before it shared the order; like lease_until, disposition and what follows';
comment on column shared_cancellation.not_before is
    'the end of its own dwell: until then its bill claims the order';

create table outcome (
    cancellation_id       bigint not null,
    times_settled         integer not null check (times_settled >= 1),
    scheme                text not null,
    state                 text not null check (state in ('done', 'withdrawn', 'dry_run', 'closed')),
    outcome               text not null,
    same_order_as         bigint,
    inferred              boolean not null default false,
    outcome_time          timestamptz not null default now(),
    revoke_time           timestamptz,
    decide_time           timestamptz,
    not_before            timestamptz,
    due_time              timestamptz not null,
    lease_until           timestamptz,
    attempt               integer not null,
    disposition           text not null,
    vendor_message        text not null,
    maybe_landed          boolean not null,
    answer_lost           boolean not null,
    update_time           timestamptz not null default now(),
    primary key (cancellation_id, times_settled),
    check (lease_until is null or attempt > 0)
);
create index outcome_state on outcome (state, cancellation_id desc)
    where revoke_time is null and state not in ('done', 'withdrawn');
create index outcome_decided on outcome (scheme, decide_time) where revoke_time is null;
-- Who polls asks for what changed since. Rows come in this order, so that the index grows at its end.
create index outcome_updated on outcome (update_time, cancellation_id) where revoke_time is null;
create index outcome_ended on outcome using brin (outcome_time) with (pages_per_range = 16, autosummarize);
create index outcome_inferred on outcome (scheme, outcome_time) where inferred;
create index outcome_order_claimed on outcome (scheme, due_time)
    where revoke_time is null and state = 'withdrawn' and outcome = 'order_claimed';
comment on table outcome is
    'how a cancellation was settled, and what opening it again needs to know; the last one counts. Appended; only the '
    'answer of a request that was still on its way, and another look at who claims its order, change it later';
comment on column outcome.times_settled is 'this is its first outcome, its second, …';
comment on column outcome.outcome is
    'why; such as the answer of the WMS, no_trigger, order_claimed, ignored, marked_done';
comment on column outcome.same_order_as is
    'it ended with this cancellation of another owner, which was the one that was sent; null = with its own';
comment on column outcome.inferred is 'done, but the WMS did not say so itself';
comment on column outcome.revoke_time is
    'when it ceased to count: it was planned or opened again, or another outcome followed; null = it is the one that '
    'counts';
comment on column outcome.due_time is
    'of order_claimed: when it is asked again whether anybody claims the order; else when it was last due';
comment on column outcome.lease_until is
    'an attempt was in flight when it was settled; null once that has its answer';

-- How each cancellation stands now: its facts, and its changing row or the outcome that counts; same_order stands as
-- the one that is sent does, but for what is its own. For reading what is found by its facts; what is known only while
-- it is unsettled is empty here once it is settled. Joined from the left, and not a union of the two, so that Postgres
-- follows each from the facts by its key. What looks for a state begins at the table that has it.
create view cancellation_now as
select c.cancellation_id, c.scheme, c.bill_id, c.bill_no, c.generation, c.question, c.bill_kind, c.direction,
       c.warehouse_number, c.order_id, o.account, o.warehouse_code, o.order_code, o.order_type, c.cancel_reason,
       c.extend_props, c.owner_code, c.triggers, c.evidence, c.orders_from, c.revision, c.run_id, c.business_date,
       coalesce(u.state, e.state) as state,
       coalesce(u.hold_reason, '') as hold_reason,
       coalesce(e.outcome, '') as outcome,
       coalesce(e.inferred, false) as inferred,
       coalesce(u.verified_time, 'epoch') as verified_time,
       u.unread_since,
       coalesce(u.decide_time, e.decide_time) as decide_time,
       coalesce(u.due_time, e.due_time) as due_time,
       u.batch_until,
       coalesce(s.attempt, u.attempt, e.attempt) as attempt,
       case when s.cancellation_id is null then coalesce(u.lease_until, e.lease_until)
            else s.lease_until end as lease_until,
       coalesce(u.disposition, e.disposition) as disposition,
       coalesce(u.same_disposition, '') as same_disposition,
       coalesce(u.same_count, 0) as same_count,
       u.same_since,
       coalesce(u.maybe_landed or coalesce(s.maybe_landed, false), e.maybe_landed) as maybe_landed,
       coalesce(u.vendor_message, e.vendor_message) as vendor_message,
       c.create_time,
       greatest(s.update_time, u.update_time, e.update_time) as update_time,
       e.outcome_time,
       coalesce(u.answer_changes, 0) as answer_changes,
       u.unsent_since,
       u.claimed_since,
       case when s.cancellation_id is null then coalesce(u.not_before, e.not_before)
            else s.not_before end as not_before,
       coalesce(s.answer_lost, u.answer_lost, e.answer_lost) as answer_lost,
       c.traceparent,
       u.text_id,
       coalesce(u.awaits_text, false) as awaits_text,
       coalesce(s.same_order_as, e.same_order_as) as same_order_as
from cancellation c
join warehouse_order o on o.order_id = c.order_id
left join shared_cancellation s on s.cancellation_id = c.cancellation_id
left join unsettled_cancellation u on u.cancellation_id = coalesce(s.same_order_as, c.cancellation_id)
left join outcome e on e.cancellation_id = c.cancellation_id and e.revoke_time is null;
comment on view cancellation_now is
    'how each cancellation stands now; read by what lists and reports. What sends reads the tables';

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
    text_id         bigint,
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

comment on column attempt.text_id is 'of a row in answer_text, where the adapter did not know the text of the answer';

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
