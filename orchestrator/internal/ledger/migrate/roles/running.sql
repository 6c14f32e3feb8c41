-- What the running role may do. It owns nothing, and can make, alter and drop nothing.
grant usage on schema voidrelay, reporting to {running};

-- It keeps the ledger and the queue in the schema voidrelay …
grant select, insert, update, delete on all tables in schema voidrelay to {running};
grant usage on all sequences in schema voidrelay to {running};

-- … but for what only a migration writes …
revoke insert, update, delete
    on voidrelay.schema_version, voidrelay.migration_text, voidrelay.river_migration, voidrelay.reporting_view,
       voidrelay.work_kind, voidrelay.verdict, voidrelay.class_reason, voidrelay.plain_word,
       voidrelay.condition_kind
    from {running};

-- … what is written once and stays: what people did, and what a scheme said …
revoke update, delete
    on voidrelay.operator_action, voidrelay.operator_action_cancellation, voidrelay.watermark_change,
       voidrelay.scheme_revision, voidrelay.housekeeping, voidrelay.cancellation_hold
    from {running};

-- … where the database says in which order acts came and when, and not who inserts one …
revoke insert on voidrelay.operator_action from {running};
grant insert (actor, verb, scheme, reason, request_id, parameters, result)
    on voidrelay.operator_action to {running};

-- … and what is kept for ever, whatever becomes of it.
revoke delete
    on voidrelay.scheme, voidrelay.run_reading, voidrelay.run_backfill, voidrelay.warehouse_order,
       voidrelay.cancellation, voidrelay.outcome, voidrelay.answer_text,
       voidrelay.attempt, voidrelay.work_item, voidrelay.condition
    from {running};

-- An event is numbered and then stays as it is until it is dropped; which ledger this is stands in one row.
revoke update on voidrelay.event_inbox, voidrelay.event from {running};
revoke insert, delete on voidrelay.ledger_identity from {running};
revoke update, delete on voidrelay.ledger_memory_past from {running};

-- What needs the owner now and then is done by these functions, which run as the owner. They make the coming months of
-- evidence, drop a month once it is old, and make the indexes of the queue anew; nothing else.
revoke execute
    on function voidrelay.make_evidence_months(), voidrelay.drop_evidence_month(interval),
       voidrelay.rebuild_queue_indexes()
    from public;
grant execute
    on function voidrelay.make_evidence_months(), voidrelay.drop_evidence_month(interval),
       voidrelay.rebuild_queue_indexes()
    to {running};

-- The API reads its verdicts and its work items from the views, so that both say the same.
grant select on all tables in schema reporting to {running};
