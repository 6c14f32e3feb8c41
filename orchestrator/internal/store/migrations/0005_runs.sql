-- Backfills 回补: runs over bills that a person named, and the plans that are made before one.

-- +goose Up

create table backfill (
    backfill_id      bigint generated always as identity primary key,
    scheme           text not null references scheme,
    state            text not null default 'running' check (state in ('running', 'planned', 'applying', 'complete', 'failed', 'cancelled')),
    plan_only        boolean not null,
    before_cutover      boolean not null,
    from_time        timestamptz,
    to_time          timestamptz,
    numbers          text[],
    revision         integer not null,
    checked_revision integer,
    actor            text not null,
    reason           text not null,
    cursor_id        bigint not null default 0,
    run_counts           jsonb not null default '{}',
    rows_outside     bigint not null default 0,
    items            bigint not null default 0,
    counts           jsonb not null default '{}',
    numbers_not_found text[] not null default '{}',
    failures         integer not null default 0,
    not_before       timestamptz not null default now(),
    error            text not null default '',
    create_time      timestamptz not null default now(),
    update_time      timestamptz not null default now(),
    end_time         timestamptz,
    check ((from_time is null) = (to_time is null) and (from_time is null) <> (numbers is null)),
    check ((state in ('complete', 'failed', 'cancelled')) = (end_time is not null)),
    check (state <> 'failed' or error <> '')
) with (fillfactor = 50);
create index backfill_under_way on backfill (backfill_id) where state in ('running', 'applying');
comment on table backfill is 'a run over bills that a person named: a range of dates, or numbers; it moves no watermark';
comment on column backfill.plan_only is 'decides and lists only; nothing is owed until the plan is applied';
comment on column backfill.revision is 'what it was decided under; a plan is applied only if the present revision would make the same requests';
comment on column backfill.checked_revision is 'another revision under which the whole plan was found to make the same requests';
comment on column backfill.cursor_id is 'what is committed: up to which FID of a range, position of a list, or item of a plan that is applied';
comment on column backfill.rows_outside is 'rows that Kingdee showed and that lie behind the range: a read has a lower edge only';
comment on column backfill.counts is 'items by what they came to';
comment on column backfill.not_before is 'after a fault of the vendor: when it goes on';
comment on column backfill.error is 'why it failed or, while it is under way, why it waits';

create table backfill_item (
    backfill_id      bigint not null references backfill,
    item             bigint not null,
    bill_id          bigint not null,
    bill_no          text not null,
    class            text not null,
    state            text not null check (state in ('new', 'already_owed', 'settled', 'held', 'nothing_owed', 'refused', 'undecodable')),
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
    generation            integer not null default 0,
    cancellation_id  bigint references cancellation,
    detail           text not null default '',
    seen             jsonb,
    primary key (backfill_id, item)
);
create index backfill_item_cancellation on backfill_item (cancellation_id) where cancellation_id is not null;
create index backfill_item_state on backfill_item (backfill_id, state, item);
comment on table backfill_item is 'what a backfill came to: an order of a bill with its exact request, or a bill that cannot be read; for a list of numbers every bill';
comment on column backfill_item.cancellation_id is 'the cancellation that it is; null in a plan for what would be new';
comment on column backfill_item.seen is 'the bill''s states and stamps as the plan saw them: what differs when it is applied is refused';

create or replace view reporting.backfill as
select b.backfill_id, b.scheme, b.state,
       case b.state when 'running' then '进行中' when 'planned' then '计划完成' when 'applying' then '执行中' when 'complete' then '已完成'
                    when 'failed' then '失败' else '已撤销' end as state_zh,
       b.plan_only, b.before_cutover, b.from_time, b.to_time, cardinality(b.numbers) as numbers, b.revision, b.actor, b.reason,
       b.create_time, b.end_time, b.cursor_id,
       coalesce((b.run_counts->>'rows')::bigint, 0) as rows_read, b.rows_outside,
       coalesce((b.run_counts->>'bills')::bigint, 0) as bills,
       coalesce((b.counts->>'new')::bigint, 0) as items_new,
       coalesce((b.counts->>'already_owed')::bigint, 0) as items_already_owed,
       coalesce((b.counts->>'settled')::bigint, 0) as items_settled,
       coalesce((b.counts->>'held')::bigint, 0) as items_held,
       coalesce((b.counts->>'refused')::bigint, 0) as items_refused,
       coalesce((b.counts->>'undecodable')::bigint, 0) as items_undecodable,
       cardinality(b.numbers_not_found) as numbers_not_found, b.error
from voidrelay.backfill b;
comment on view reporting.backfill is '回补: what a person asked to be read again, by dates or by numbers, and what that came to';
comment on column reporting.backfill.plan_only is 'only a plan 计划, until somebody applied it';
comment on column reporting.backfill.before_cutover is 'also what was voided before the scheme began or before sending was switched on 含启用时间之前';
comment on column reporting.backfill.rows_outside is 'rows read that lie behind the range, and were not decided';
comment on column reporting.backfill.items_new is 'orders that became owed by it or, in a plan, would 新增';
comment on column reporting.backfill.items_settled is 'orders that had been dealt with before 此前已了结';
