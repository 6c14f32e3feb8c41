-- An answer that was lost is told from one that a proxy gave in the WMS's stead: only after a lost one may "not found" mean that the
-- request did it after all.

-- +goose Up

alter table cancellation add column answer_lost boolean not null default false;
comment on column cancellation.answer_lost is 'an earlier attempt left and its answer was lost (time-out, broken connection), so that it may have cancelled the order';

-- No answer at all, not even a status: that was a lost one.
update cancellation c set answer_lost = true
where maybe_landed and exists (
    select from attempt a where a.cancellation_id = c.cancellation_id and a.disposition in ('', 'unknown') and coalesce(a.http_status, 0) = 0);
