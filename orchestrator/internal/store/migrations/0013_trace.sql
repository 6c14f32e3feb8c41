-- Where a cancellation began, for whoever follows one through all services.

-- +goose Up

alter table cancellation add column traceparent text not null default '';
comment on column cancellation.traceparent is
    'place in the trace that planned it, as W3C Trace Context writes it; its requests are parts of that trace. Empty where nothing was traced';
