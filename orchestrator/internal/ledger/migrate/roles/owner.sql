-- The owner: who migrates. It makes the schemas voidrelay and reporting, and wants nothing else of the database.
-- Where a ledger is there its owner is, too, and nothing is made. Give it a way in:
--     alter role {owner} login password '…';
do $role$ begin
    if to_regnamespace('voidrelay') is null then
        if not exists (select from pg_roles where rolname = {owner_text}) then
            create role {owner} nologin;
        end if;
        execute format('grant connect, create on database %I to {owner}', current_database());
    end if;
    execute format('grant connect on database %I to {running}, {reader}', current_database());
end $role$;
