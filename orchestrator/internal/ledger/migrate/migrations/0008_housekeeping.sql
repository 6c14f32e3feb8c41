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

-- What housekeeping needs the owner for. The running role owns nothing: it calls these functions, which run as the
-- owner, with a search path, a time zone and a patience of their own. Each does one thing, to tables of ours only,
-- whoever calls it with whatever argument.

-- +goose StatementBegin
create function make_evidence_months() returns void
language plpgsql
security definer
set search_path = voidrelay, pg_temp
set timezone = 'UTC'
set lock_timeout = '2s'
as $$
declare
    month date;
    name  text;
begin
    foreach month in array array[date_trunc('month', now()), date_trunc('month', now()) + interval '1 month'] loop
        name := 'attempt_evidence_' || to_char(month, 'YYYYMM');
        continue when to_regclass('voidrelay.' || name) is not null;
        lock table attempt_evidence in access exclusive mode;
        continue when to_regclass('voidrelay.' || name) is not null;
        execute format('create table voidrelay.%I (like attempt_evidence including defaults)', name);
        execute format(
            'with moved as (
                 delete from attempt_evidence_rest where store_time >= $1 and store_time < $2
                 returning cancellation_id, attempt, store_time, request, reply
             )
             insert into voidrelay.%I (cancellation_id, attempt, store_time, request, reply)
             select cancellation_id, attempt, store_time, request, reply from moved', name)
            using month::timestamptz, month + interval '1 month';
        execute format('alter table attempt_evidence attach partition voidrelay.%I for values from (%L) to (%L)',
                       name, month, (month + interval '1 month')::date);
    end loop;
end $$;
-- +goose StatementEnd
-- Postgres refuses a partition whose rows are in the default one, so they are moved first, with nobody writing: a
-- writer waits, and then finds the month. Behind a long report nobody shall wait for that: it is tried again with the
-- next run.
comment on function make_evidence_months() is
    'makes the partitions of evidence of this month and the next, by the server''s clock; rows that no month took go '
    'to the default partition and move to their month';

-- +goose StatementBegin
create function drop_evidence_month(keep interval, out month text, out row_count bigint, out byte_count bigint,
                                    out more boolean)
language plpgsql
security definer
set search_path = voidrelay, pg_temp
set timezone = 'UTC'
set lock_timeout = '2s'
as $$
declare
    old text[];
begin
    if keep is null or keep < interval '7 days' then
        raise exception 'evidence is kept for 7 days at least, not for %', keep
            using errcode = 'invalid_parameter_value';
    end if;
    select array_agg(c.relname order by c.relname) into old
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'attempt_evidence'::regclass and c.relname ~ '^attempt_evidence_[0-9]{6}$'
      and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= now() - keep;
    if old is null then
        return;
    end if;
    month := old[1];
    more := cardinality(old) > 1;
    -- How many rows is what the last analyze said; where none came by, they are counted.
    select c.reltuples, pg_total_relation_size(c.oid) into row_count, byte_count
    from pg_class c
    where c.oid = to_regclass('voidrelay.' || month);
    if row_count < 0 then
        execute format('select count(*) from voidrelay.%I', month) into row_count;
    end if;
    execute format('drop table voidrelay.%I', month);
end $$;
-- +goose StatementEnd
comment on function drop_evidence_month(interval) is
    'drops the oldest month of evidence that has passed as a whole for so long, and says what that gave back and '
    'whether another one is as old; nulls: there is none';

-- +goose StatementBegin
create function rebuild_queue_indexes(out byte_count bigint)
language plpgsql
security definer
set search_path = voidrelay, pg_temp
set lock_timeout = '2s'
as $$
declare
    index oid;
begin
    byte_count := 0;
    for index in
        select i.indexrelid
        from pg_index i
        where i.indrelid = 'river_job'::regclass and pg_relation_size(i.indexrelid) > 1048576
        order by 1
    loop
        byte_count := byte_count + pg_relation_size(index);
        execute format('reindex index %s', index::regclass);
        byte_count := byte_count - pg_relation_size(index);
    end loop;
end $$;
-- +goose StatementEnd
comment on function rebuild_queue_indexes() is
    'makes the indexes of the queue anew that have grown past a megabyte, and says how many bytes that gave back';
