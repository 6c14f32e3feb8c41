package migrate_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

const insufficientPrivilege = "42501"

// refusal is the code with which Postgres refuses a statement; "" when it does not.
func refusal(t *testing.T, pool *pgxpool.Pool, sql string) string {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql)
	if err == nil {
		return ""
	}
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused, sql)
	return refused.Code
}

// What an orchestrator does every day it may do is shown by all tests of all packages, which run as this role.
func TestTheRunningRoleOwnsNothingAndLeavesNoGapInWhatIsKept(t *testing.T) {
	pool := openLedger(t)
	require.Equal(t, migrate.RunningRole, storetest.RunningRole)
	require.Equal(t, migrate.RunningRole, text(t, pool, `select current_user`))
	require.Equal(t, "0", text(t, pool, `
select count(*)::text
from pg_shdepend d
join pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
where r.rolname = current_user and d.deptype = 'o'
  and d.dbid = (select oid from pg_database where datname = current_database())`))
	for _, statement := range []string{
		`create table mine (n integer)`, `create table reporting.mine (n integer)`, `create schema mine`,
		`drop table bill`, `drop view reporting.lag`, `alter table bill add mine text`, `truncate housekeeping`,
		`create index on bill (org)`, `reindex table river_job`,
		`create or replace view reporting.lag as select 1 as one`,
		`create or replace function make_evidence_months() returns void language sql as 'select'`,

		`update operator_action set reason = 'another'`, `delete from operator_action`,
		`update operator_action_cancellation set cancellation_id = 1`, `delete from operator_action_cancellation`,
		`update watermark_change set reason = 'another'`, `delete from watermark_change`,
		`update scheme_revision set document = ''`, `delete from scheme_revision`,
		`delete from cancellation`, `delete from outcome`, `delete from warehouse_order`, `delete from attempt`,
		`delete from work_item`, `delete from scheme`, `delete from housekeeping`,
		`update verdict set verdict_zh = '已取消'`, `delete from class_reason`, `update work_kind set message_zh = ''`,
		`delete from schema_version`, `insert into schema_version (version_id, is_applied) values (9999, true)`,
		`update reporting_view set content_hash = ''`,
	} {
		require.Equal(t, insufficientPrivilege, refusal(t, pool, statement), statement)
	}
}

// What housekeeping does as the owner it does to what is due and old only, whoever asks.
func TestTheFunctionsOfTheOwnerDoNothingElse(t *testing.T) {
	pool := openLedger(t)
	require.Equal(t, "", refusal(t, pool, `select make_evidence_months(), rebuild_queue_indexes()`))
	for _, keep := range []string{`'0'`, `'6 days'`, `'-1 year'`, `null`} {
		require.Equal(t, "22023", refusal(t, pool, `select drop_evidence_month(`+keep+`)`), keep)
	}
	require.Equal(t, "", refusal(t, pool, `select drop_evidence_month('7 days')`))

	// A table of another schema under the name of ours is none of theirs.
	owner := openOwned(t)
	for _, statement := range []string{
		`create schema mine`, `create table mine.attempt_evidence_rest (n integer)`,
		`create table voidrelay.attempt_evidence_200001 (n integer)`,
	} {
		require.Equal(t, "", refusal(t, owner, statement))
	}
	require.Equal(t, "",
		refusal(t, owner, `set search_path = mine, voidrelay; select voidrelay.drop_evidence_month('7 days')`))
	require.Equal(t, "2", text(t, owner, `select count(*)::text from pg_class where relname in `+
		`('attempt_evidence_200001') or relnamespace = 'mine'::regnamespace`))

	require.Equal(t, "", refusal(t, owner,
		`create role voidrelay_test_stranger; grant usage on schema voidrelay to voidrelay_test_stranger`))
	t.Cleanup(func() {
		_, err := owner.Exec(context.WithoutCancel(t.Context()),
			`reset role; drop owned by voidrelay_test_stranger; drop role voidrelay_test_stranger`)
		require.NoError(t, err)
	})
	for _, function := range []string{
		`make_evidence_months()`, `drop_evidence_month('1 year')`, `rebuild_queue_indexes()`,
	} {
		err := pgx.BeginFunc(t.Context(), owner, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `set local role voidrelay_test_stranger`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `select voidrelay.`+function)
			return err
		})
		require.ErrorContains(t, err, insufficientPrivilege, function)
	}
}

// An administrator who lets nobody make roles: the owner migrates, and what --print-grants prints makes the rest.
func TestWhatPrintGrantsPrintsMakesAWorkingInstallation(t *testing.T) {
	empty := storetest.EmptyURL(t)
	admin := openURL(t, empty)
	database := text(t, admin, `select current_database()`)
	roles := migrate.Roles{Running: "voidrelay_test_run-" + database, Reader: "voidrelay_test_read." + database}
	roles.Running, roles.Reader = roles.Running[:min(63, len(roles.Running))], roles.Reader[:min(63, len(roles.Reader))]
	login := func(name string) string {
		quoted := pgx.Identifier{name}.Sanitize()
		require.Equal(t, "", refusal(t, admin, `alter role `+quoted+` login password 'test'`))
		t.Cleanup(func() {
			_, err := admin.Exec(context.WithoutCancel(t.Context()),
				`drop owned by `+quoted+` cascade; drop role `+quoted)
			require.NoError(t, err)
		})
		as, err := url.Parse(empty)
		require.NoError(t, err)
		as.User = url.UserPassword(name, "test")
		return as.String()
	}
	owner := "voidrelay_test_own_" + text(t, admin,
		`select oid::text from pg_database where datname = current_database()`)
	require.Equal(t, "", refusal(t, admin, `create role `+owner+`; grant create on database `+
		pgx.Identifier{database}.Sanitize()+` to `+owner))
	ownerURL := login(owner)

	done, err := migrate.UpFor(t.Context(), ownerURL, roles)
	require.NoError(t, err)
	require.Len(t, done.Notes, 1)
	require.Contains(t, done.Notes[0], "--print-grants")
	roles.Owner = owner
	for range 2 { // it may be run again
		require.Equal(t, "", refusal(t, admin, roles.SQL()))
	}
	running, reader := openURL(t, login(roles.Running)), openURL(t, login(roles.Reader))
	require.NoError(t, migrate.Check(t.Context(), running))
	require.Equal(t, "", refusal(t, running, `select make_evidence_months()`))
	require.Equal(t, insufficientPrivilege, refusal(t, running, `drop table bill`))

	// A later migration gives the roles what it adds.
	for _, statement := range []string{
		`drop view reporting.aging`, `delete from voidrelay.reporting_view where view = 'aging'`,
	} {
		require.Equal(t, "", refusal(t, admin, statement))
	}
	done, err = migrate.UpFor(t.Context(), ownerURL, roles)
	require.NoError(t, err)
	require.Empty(t, done.Notes)
	require.NoError(t, migrate.Check(t.Context(), running))

	views, err := admin.Query(t.Context(),
		`select table_name from information_schema.views where table_schema = 'reporting'`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(views, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(names), 10)
	for _, name := range names {
		require.Equal(t, "", refusal(t, reader, `select * from reporting.`+name), name)
	}
	for _, statement := range []string{
		`select 1 from voidrelay.bill`, `select voidrelay.make_evidence_months()`,
		`create table reporting.mine (n integer)`,
	} {
		require.Equal(t, insufficientPrivilege, refusal(t, reader, statement), statement)
	}
	require.ErrorContains(t, migrate.Check(t.Context(), reader), "may not use the ledger")

	_, err = migrate.UpFor(t.Context(), running.Config().ConnString(), roles)
	require.ErrorIs(t, err, migrate.ErrNotOwner)
	require.ErrorContains(t, err, owner)
}

func TestNamesThatNoRoleCanHaveAreRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, migrate.Roles{}.Check())
	require.NoError(t, migrate.Roles{Running: "Void.Relay-1@ops", Reader: "报表"}.Check())
	for _, roles := range []migrate.Roles{
		{Running: `a"; drop table bill; --`}, {Running: "o'clock"}, {Reader: "a$role$"}, {Reader: "two words"},
		{Running: "same", Reader: "same"}, {Running: migrate.ReaderRole}, {Owner: migrate.RunningRole},
		{Owner: "same", Reader: "same"}, {Owner: "two words"},
	} {
		require.Error(t, roles.Check(), "%v", roles)
	}
}
