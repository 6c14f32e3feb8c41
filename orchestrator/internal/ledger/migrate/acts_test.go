package migrate_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// byHand is an empty database, in which nobody may do anything, with the three roles that --print-grants makes. The
// pool is an administrator's, the URLs are of logins as each role.
type byHand struct {
	admin                  *pgxpool.Pool
	roles                  migrate.Roles
	owner, running, reader string
}

func makeByHand(t *testing.T) byHand {
	t.Helper()
	empty := storetest.EmptyURL(t)
	h := byHand{admin: openURL(t, empty)}
	database := text(t, h.admin, `select current_database()`)
	oid := text(t, h.admin, `select oid::text from pg_database where datname = current_database()`)
	h.roles = migrate.Roles{
		Owner: "voidrelay_test own " + oid, Running: "voidrelay_test_run_" + oid, Reader: "voidrelay_test_read_" + oid,
	}
	require.Error(t, h.roles.Check())
	h.roles.Owner = "voidrelay_test-own." + oid
	require.NoError(t, h.roles.Check())
	require.Equal(t, "", refusal(t, h.admin, `revoke all on database `+pgx.Identifier{database}.Sanitize()+
		` from public`))
	for range 2 { // it may be run again
		require.Equal(t, "", refusal(t, h.admin, h.roles.SQL()))
	}
	login := func(name string) string {
		quoted := pgx.Identifier{name}.Sanitize()
		require.Equal(t, "", refusal(t, h.admin, `alter role `+quoted+` login password 'test'`))
		t.Cleanup(func() {
			_, err := h.admin.Exec(context.WithoutCancel(t.Context()),
				`drop owned by `+quoted+` cascade; drop role `+quoted)
			require.NoError(t, err)
		})
		as, err := url.Parse(empty)
		require.NoError(t, err)
		as.User = url.UserPassword(name, "test")
		return as.String()
	}
	h.owner, h.running, h.reader = login(h.roles.Owner), login(h.roles.Running), login(h.roles.Reader)
	return h
}

// An administrator who lets nobody make roles runs what --print-grants prints in an empty database, and gives the roles
// their logins: the owner migrates, and nothing is left to grant.
func TestWhatPrintGrantsPrintsIsAllThatAnEmptyDatabaseWants(t *testing.T) {
	h := makeByHand(t)
	done, err := migrate.UpFor(t.Context(), h.owner, h.roles)
	require.NoError(t, err)
	require.Empty(t, done.Notes)

	running := openURL(t, h.running)
	require.NoError(t, migrate.Check(t.Context(), running))
	rights, err := migrate.RightsOf(t.Context(), running)
	require.NoError(t, err)
	require.Equal(t, migrate.Rights{Role: h.roles.Running, Owner: h.roles.Owner}, rights)
	require.Equal(t, "", refusal(t, running, `select make_evidence_months()`))
	reader := openURL(t, h.reader)
	require.Equal(t, "", refusal(t, reader, `select count(*) from reporting.operator_action`))
	require.Equal(t, insufficientPrivilege, refusal(t, reader, `select count(*) from voidrelay.operator_action`))

	// Later it makes no owner of its own, whatever it is told.
	others := h.roles
	others.Owner += "-another"
	require.Equal(t, "", refusal(t, h.admin, others.SQL()))
	require.Equal(t, "0", text(t, h.admin,
		`select count(*)::text from pg_roles where rolname = '`+others.Owner+`'`))
	require.NoError(t, migrate.Check(t.Context(), running))
}

// Whoever has the orchestrator's login may write down an act under any name, but only as of now, and change none that
// is there: not by a way round the rights of the table either.
func TestTheRunningRoleCannotChangeWhatPeopleDid(t *testing.T) {
	h := makeByHand(t)
	_, err := migrate.UpFor(t.Context(), h.owner, h.roles)
	require.NoError(t, err)
	running := openURL(t, h.running)
	require.Equal(t, "", refusal(t, running,
		`insert into operator_action (actor, verb, reason) values ('wang', 'stop_all', '盘点')`))
	const acts = `
select string_agg(operator_action_id || actor || verb || reason || create_time, ',') from operator_action`
	before := text(t, running, acts)

	role := func(name string) string { return pgx.Identifier{name}.Sanitize() }
	for _, table := range []string{"operator_action", "operator_action_cancellation"} {
		// Postgres warns that this grants nothing, and it does not.
		require.Equal(t, "", refusal(t, running, `grant update, delete on `+table+` to `+role(h.roles.Running)))
		for _, trick := range []string{
			`update ` + table + ` set operator_action_id = default`, `delete from ` + table, `truncate ` + table,
			`truncate ` + table + ` cascade`, `drop table ` + table + ` cascade`,
			`with gone as (delete from ` + table + ` returning *) select count(*) from gone`,
			`select * from ` + table + ` for update`, `begin; lock table ` + table + ` in exclusive mode`,
			`merge into ` + table + ` a using (select 1) as b on true when matched then delete`,
			`alter table ` + table + ` rename to another`, `alter table ` + table + ` set schema public`,
			`alter table ` + table + ` disable trigger all`, `alter table ` + table + ` add column mine text`,
			`alter table ` + table + ` owner to ` + role(h.roles.Running),
			`alter table ` + table + ` enable row level security`,
			`create trigger mine before insert on ` + table +
				` for each row execute function suppress_redundant_updates_trigger()`,
			`create rule mine as on insert to ` + table + ` do instead nothing`,
			`create policy mine on ` + table, `create index on ` + table + ` (operator_action_id)`,
			`reindex table ` + table,
			`create table voidrelay.mine () inherits (` + table + `)`, `cluster ` + table + ` using ` + table + `_pkey`,
			`copy ` + table + ` from program 'true'`, `copy ` + table + ` to '/tmp/acts'`,
		} {
			require.Equal(t, insufficientPrivilege, refusal(t, running, trick), trick)
		}
	}
	for _, trick := range []string{
		`insert into operator_action (actor, verb, reason, create_time) values ('wang', 'pause', 'x', '2020-01-01')`,
		`insert into operator_action (operator_action_id, actor, verb, reason) overriding system value
		 values (1, 'wang', 'pause', 'x') on conflict (operator_action_id) do update set reason = 'x'`,
		`select setval('operator_action_operator_action_id_seq', 1)`,
		`set role ` + role(h.roles.Owner), `set session authorization ` + role(h.roles.Owner),
		`set session_replication_role = replica`, `reassign owned by ` + role(h.roles.Owner) + ` to current_user`,
		`drop owned by ` + role(h.roles.Owner), `grant ` + role(h.roles.Owner) + ` to ` + role(h.roles.Running),
		`alter role ` + role(h.roles.Owner) + ` password 'mine'`, `alter role ` + role(h.roles.Running) + ` superuser`,
		`drop schema voidrelay cascade`, `alter schema voidrelay rename to another`,
		`create schema mine`, `create function voidrelay.mine() returns void language sql security definer as 'select'`,
		`create or replace function voidrelay.make_evidence_months() returns void language sql as 'select'`,
		`alter function voidrelay.make_evidence_months() reset search_path`,
		`update pg_catalog.pg_class set relname = 'x' where relname = 'operator_action'`,
		`create extension pg_surgery`, `drop database postgres`,
		`alter table voidrelay.cancellation drop constraint cancellation_pkey cascade`,
	} {
		require.Equal(t, insufficientPrivilege, refusal(t, running, trick), trick)
	}
	require.Equal(t, before, text(t, running, acts))
}
