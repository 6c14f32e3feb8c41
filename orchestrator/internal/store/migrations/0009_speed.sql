-- What it costs to send a cancellation: each change of an indexed column writes every index of its table anew, and a foreign key is looked
-- up row by row.

-- +goose Up

-- The attempts without an answer are few, and lead to the cancellations whose lease may have run out. So a lease changes nothing that an
-- index of the cancellations knows.
create index attempt_unanswered on attempt (intent_time) where disposition = '';
drop index cancellation_leased;

-- An attempt is only ever written for a cancellation that the same statement has just locked, and cancellations are kept for ever.
alter table attempt drop constraint attempt_cancellation_id_fkey;
comment on column attempt.cancellation_id is 'of a row in cancellation, which the statement that writes the attempt has locked; no foreign key, because cancellations are never deleted';

-- Asked with each answer: is there work that it may close?
create index work_item_open on work_item (scheme, bill_id) where close_time is null;
