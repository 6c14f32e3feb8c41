-- Views for people with SQL. They are a contract: columns are added, never changed.

-- +goose Up

create schema if not exists reporting;
comment on schema reporting is 'voidrelay: what became of voided bills. Read only; the tables behind it may change';
