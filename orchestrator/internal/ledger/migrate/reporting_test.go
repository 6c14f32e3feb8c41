package migrate_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// reports is a migrated database whose report views come from files of the test's own: those of the program, base, and
// above_base, which reads it and comes first by name.
type reports struct {
	*testing.T
	pool  *pgxpool.Pool
	files fstest.MapFS
}

func openReports(t *testing.T) *reports {
	t.Helper()
	pool := openOwned(t)
	r := &reports{t, pool, fstest.MapFS{}}
	for _, name := range viewFiles(t) {
		text, err := os.ReadFile("reporting/" + name + ".sql")
		require.NoError(t, err)
		r.file(name, string(text))
	}
	r.file("base", `create or replace view reporting.base as select s.scheme, s.revision from voidrelay.scheme s;
comment on view reporting.base is 'as it was';`)
	r.file("above_base", `create or replace view reporting.above_base as select b.scheme from reporting.base b`)
	require.Equal(t, []string{"base", "above_base"}, r.make())
	return r
}

// viewFiles are the names of the program's views.
func viewFiles(t *testing.T) []string {
	paths, err := fs.Glob(os.DirFS("."), "reporting/*.sql")
	require.NoError(t, err)
	require.Greater(t, len(paths), 10)
	for i := range paths {
		paths[i] = strings.TrimSuffix(path.Base(paths[i]), ".sql")
	}
	return paths
}

func (r *reports) file(name, text string) {
	r.files["reporting/"+name+".sql"] = &fstest.MapFile{Data: []byte(text)}
}

func (r *reports) make() []string {
	made, err := migrate.MakeViews(r.Context(), r.pool, r.files)
	require.NoError(r, err)
	return made
}

func (r *reports) exec(sql string) {
	_, err := r.pool.Exec(r.Context(), sql)
	require.NoError(r, err, sql)
}

func (r *reports) text(sql string) (text string) {
	require.NoError(r, r.pool.QueryRow(r.Context(), sql).Scan(&text), sql)
	return text
}

// stand says which views stand, each with its identity and the transaction that wrote its text.
func (r *reports) stand() map[string]string {
	rows, err := r.pool.Query(r.Context(), `
select c.relname::text, c.oid || ' ' || w.xmin
from pg_class c
join pg_rewrite w on w.ev_class = c.oid
where c.relnamespace = 'reporting'::regnamespace`)
	require.NoError(r, err)
	stand := make(map[string]string)
	var name, identity string
	_, err = pgx.ForEachRow(rows, []any{&name, &identity}, func() error {
		stand[name] = identity
		return nil
	})
	require.NoError(r, err)
	return stand
}

// oid is the identity of a view, without what was written to it.
func oid(identity string) string {
	oid, _, _ := strings.Cut(identity, " ")
	return oid
}

// grants are all grants on a view and its columns but those of its owner.
func (r *reports) grants(view string) string {
	return r.text(`
select coalesce(string_agg(
    concat_ws(' ', coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), g.attname, a.privilege_type,
              case when a.is_grantable then 'may grant' end), ', ' order by a.grantee::text, g.attname), '')
from (
    select c.oid, c.relowner, null::name as attname, c.relacl as acl from pg_class c
    union all
    select c.oid, c.relowner, a.attname, a.attacl from pg_class c join pg_attribute a on a.attrelid = c.oid
) g
cross join aclexplode(g.acl) a
where g.oid = 'reporting.` + view + `'::regclass and a.grantee <> g.relowner`)
}

// readerReads says whether the role for reports may run a query.
func (r *reports) readerReads(query string) error {
	return pgx.BeginFunc(r.Context(), r.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(r.Context(), `set local role voidrelay_reader`)
		require.NoError(r, err)
		_, err = tx.Exec(r.Context(), query)
		return err
	})
}

func TestAFreshDatabaseHasTheViewOfEachFileAndASecondMigrationTouchesNone(t *testing.T) {
	pool, err := ledger.Open(t.Context(), storetest.EmptyURL(t))
	require.NoError(t, err)
	defer pool.Close()
	r := &reports{T: t, pool: pool}

	done, err := migrate.Up(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	require.ElementsMatch(t, viewFiles(t), done.Views)
	stand := r.stand()
	require.Len(t, stand, len(done.Views))

	done, err = migrate.Up(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	require.Empty(t, done.Views)
	require.Equal(t, stand, r.stand())
}

func TestAViewWithMoreColumnsIsReplacedWhereItStands(t *testing.T) {
	r := openReports(t)
	before := r.stand()
	r.exec(`grant select on reporting.base to pg_monitor`)
	r.file("base", `
create or replace view reporting.base as select s.scheme, s.revision, s.title from voidrelay.scheme s;
comment on view reporting.base is 'with a title';`)
	require.Equal(t, []string{"base"}, r.make())

	after := r.stand()
	require.Equal(t, oid(before["base"]), oid(after["base"]))
	require.NotEqual(t, before["base"], after["base"])
	delete(before, "base")
	delete(after, "base")
	require.Equal(t, before, after, "no other view was touched")
	require.Equal(t, "pg_monitor SELECT", r.grants("base"))
	require.Equal(t, "with a title", r.text(`select obj_description('reporting.base'::regclass)`))
	r.exec(`select title from reporting.base`)
	require.Empty(t, r.make())
}

func TestAViewWithAnotherColumnIsMadeAnewWithWhatReadsItAndWithItsGrants(t *testing.T) {
	r := openReports(t)
	r.exec(`grant select on reporting.base to voidrelay_reader`)
	r.exec(`grant select on reporting.base to pg_monitor with grant option`)
	r.exec(`grant select (scheme), update (revision) on reporting.base to pg_read_all_stats`)
	r.exec(`grant select on reporting.above_base to public`)
	r.exec(`alter view reporting.above_base owner to pg_signal_backend`)
	base, above, before := r.grants("base"), r.grants("above_base"), r.stand()
	r.file("base", `create or replace view reporting.base as select s.scheme, s.revision::text from voidrelay.scheme s`)
	require.Equal(t, []string{"base", "above_base"}, r.make())

	after := r.stand()
	for _, view := range []string{"base", "above_base"} {
		require.NotEqual(t, oid(before[view]), oid(after[view]))
		delete(before, view)
		delete(after, view)
	}
	require.Equal(t, before, after, "no other view was touched")
	require.Equal(t, base, r.grants("base"))
	require.Equal(t, above, r.grants("above_base"))
	require.Equal(t, "pg_signal_backend", r.text(`select viewowner::text from pg_views where viewname = 'above_base'`))
	require.NoError(t, r.readerReads(`select * from reporting.base`))
	require.Empty(t, r.make())

	t.Run("a grant on a column goes with the column", func(t *testing.T) {
		r.file("base", `create or replace view reporting.base as select s.scheme from voidrelay.scheme s`)
		require.Equal(t, []string{"base", "above_base"}, r.make())
		require.Equal(t, strings.Replace(base, ", pg_read_all_stats revision UPDATE", "", 1), r.grants("base"))
		require.NotEqual(t, base, r.grants("base"))
	})
}

// A name with capitals or a dot in it once ended the migration with "role does not exist".
func TestViewsAreMadeAnewByAUserOfWhateverName(t *testing.T) {
	r := openReports(t)
	r.exec(`create role "Void.Relay" superuser`)
	config := r.pool.Config().Copy()
	config.ConnConfig.RuntimeParams["role"] = "Void.Relay"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		pool.Close()
		_, err := r.pool.Exec(context.Background(),
			`reassign owned by "Void.Relay" to current_user; drop role "Void.Relay"`)
		require.NoError(t, err)
	})
	r.file("base", `create or replace view reporting.base as select s.scheme, s.revision::text from voidrelay.scheme s`)
	made, err := migrate.MakeViews(t.Context(), pool, r.files)
	require.NoError(t, err)
	require.Equal(t, []string{"base", "above_base"}, made)
}

func TestAViewWhoseFileIsGoneIsDropped(t *testing.T) {
	r := openReports(t)
	delete(r.files, "reporting/base.sql")
	delete(r.files, "reporting/above_base.sql")
	require.Empty(t, r.make())
	require.ElementsMatch(t, viewFiles(t), slices.Collect(maps.Keys(r.stand())))
}

func TestWhatIsNotOursAndDependsOnAViewIsNamedAndNothingChanges(t *testing.T) {
	change := map[string]func(*reports){
		"a column changes": func(r *reports) {
			r.file("base", `create or replace view reporting.base as select s.title from voidrelay.scheme s`)
			r.file("above_base", `create or replace view reporting.above_base as select b.title from reporting.base b`)
		},
		"the file is gone": func(r *reports) {
			delete(r.files, "reporting/base.sql")
			r.file("above_base", `create or replace view reporting.above_base as select scheme from voidrelay.scheme`)
		},
	}
	for name, change := range change {
		t.Run(name, func(t *testing.T) {
			r := openReports(t)
			r.exec(`create schema finance`)
			r.exec(`create view finance.voids as select scheme from reporting.base`)
			r.exec(`create function finance.named(reporting.base) returns text language sql as 'select $1.scheme'`)
			before := r.stand()
			change(r)
			aging := string(r.files["reporting/aging.sql"].Data)
			r.file("aging", strings.Replace(aging, "as oldest_time", "as oldest_time, 1 as one", 1))

			_, err := migrate.MakeViews(t.Context(), r.pool, r.files)
			var inUse *migrate.ViewInUseError
			require.ErrorAs(t, err, &inUse)
			require.Contains(t, inUse.Views, "base")
			for _, named := range []string{"finance.voids", "finance.named", "reporting.base", "`voidrelay migrate`"} {
				require.ErrorContains(t, err, named)
			}
			require.Equal(t, before, r.stand())

			r.exec(`drop schema finance cascade`)
			require.Contains(t, r.make(), "aging")
		})
	}
}

func TestWhatStandsUnderTheNameOfAViewAndIsNotOursIsLeftAlone(t *testing.T) {
	r := openReports(t)
	r.exec(`create view reporting.theirs as select 1 as one`)
	r.file("theirs", `create or replace view reporting.theirs as select 1 as one, 2 as two`)
	_, err := migrate.MakeViews(t.Context(), r.pool, r.files)
	require.ErrorContains(t, err, "reporting.theirs: stands there and was not made by voidrelay")
}

func TestViewsThatReadEachOtherAreAnError(t *testing.T) {
	r := openReports(t)
	r.file("base", `create or replace view reporting.base as select b.scheme from reporting.above_base b`)
	_, err := migrate.MakeViews(t.Context(), r.pool, r.files)
	require.ErrorContains(t, err, "in a circle")
}

func TestAProgramTellsWhatIsNotItsOwnSchema(t *testing.T) {
	r := openReports(t)
	require.NoError(t, migrate.Check(t.Context(), r.pool))
	r.exec(`update reporting_view set content_hash = 'another' where view = 'lag'`)
	require.ErrorContains(t, migrate.Check(t.Context(), r.pool), "are not those of this program")
	_, err := migrate.Up(t.Context(), r.pool.Config().ConnString())
	require.NoError(t, err)
	for _, change := range []string{
		`update verdict set reason_zh = 'another' where place = 3`, `delete from verdict where place > 9`,
		`update class_reason set reason_zh = 'another' where reason = 'selector'`,
	} {
		r.exec(change)
		require.ErrorContains(t, migrate.Check(t.Context(), r.pool), "are not those of this program", change)
		_, err := migrate.Up(t.Context(), r.pool.Config().ConnString())
		require.NoError(t, err)
		require.NoError(t, migrate.Check(t.Context(), r.pool), change)
	}
	r.exec(`insert into schema_version (version_id, is_applied) values (9999, true)`)
	require.ErrorContains(t, migrate.Check(t.Context(), r.pool), "newer than this program")

	before := r.stand()
	_, err = migrate.Up(t.Context(), r.pool.Config().ConnString())
	require.ErrorContains(t, err, "newer than this program")
	require.Equal(t, before, r.stand())
}
