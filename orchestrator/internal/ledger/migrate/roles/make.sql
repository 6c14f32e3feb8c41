-- The running role: what the orchestrator logs in as, itself or as a member. Give it a way in by one of these:
--     alter role {running} login password '…';
--     grant {running} to the_role_it_logs_in_as;
do $role$ begin
    if not exists (select from pg_roles where rolname = {running_text}) then
        create role {running} nologin;
    end if;
end $role$;

-- The reader: for people with SQL, who read reports:
--     grant {reader} to somebody;
do $role$ begin
    if not exists (select from pg_roles where rolname = {reader_text}) then
        create role {reader} nologin;
    end if;
end $role$;
