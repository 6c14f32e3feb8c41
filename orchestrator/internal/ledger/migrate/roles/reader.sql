-- The reader: for people with SQL. It reads the views of the schema reporting, and nothing behind them:
--     grant {reader} to somebody;

do $role$ begin
    if not exists (select from pg_roles where rolname = {reader_text}) then
        create role {reader} nologin;
    end if;
end $role$;

grant usage on schema reporting to {reader};
grant select on all tables in schema reporting to {reader};
