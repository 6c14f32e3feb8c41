-- Housekeeping with its record, and what several hosts need.

-- +goose Up

insert into work_kind (kind, subject, message_zh, action_zh, message_en, action_en) values
('scheme_stopped', 'TIME_ZONE_DIFFERS', '方案已停止：金蝶服务器时间现在按另一个时区读取', '若 KINGDEE_TIME_ZONE 改错了，改回后恢复（resume）；若原来是错的，恢复后按新时区继续，并对之前的时段做一次回补（backfill）',
    'the scheme is stopped: the times of the Kingdee server are now read in another zone', 'if KINGDEE_TIME_ZONE was changed by mistake, change it back and resume; if it was wrong before, resume, and backfill the time before');

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
comment on table housekeeping is 'what housekeeping removed, a row a chunk, written in the transaction that removed it';
comment on column housekeeping.byte_count is 'disk space given back; 0 where rows were removed from a table that stays, whose space is used again';

-- The end states of cancellations change seldom and are many: they are counted block by block and kept. A row that was not settled
-- when its block was counted is in pending, and lets the block be counted again.
create table cancellation_count (
    block      bigint not null,
    scheme     text not null,
    state      text not null,
    count      bigint not null,
    pending    boolean not null,
    count_time timestamptz not null default now(),
    primary key (block, scheme, state)
);
comment on table cancellation_count is 'how many cancellations of a block of ids have ended how; what has not ended is counted when it is asked for';

create view reporting.housekeeping as
select c.chore, c.last_run_time, c.last_error, h.housekeeping_id, h.subject, h.row_count, h.byte_count, h.remove_time
from voidrelay.chore c left join voidrelay.housekeeping h using (chore);
comment on view reporting.housekeeping is '清理记录: what housekeeping removed and when it last ran; a chore that never removed anything has one row without a removal';
comment on column reporting.housekeeping.row_count is 'rows removed; of a dropped month about how many';
comment on column reporting.housekeeping.byte_count is 'disk space given back; 0 where rows were removed from a table that stays';
