package migrate_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestCheckSchemaSaysWhatToRun(t *testing.T) {
	pool, err := ledger.Open(t.Context(), storetest.EmptyURL(t))
	require.NoError(t, err)
	defer pool.Close()

	require.ErrorContains(t, migrate.Check(t.Context(), pool), "run `voidrelay migrate` first")

	var left bool
	require.NoError(t, pool.QueryRow(t.Context(), `select to_regnamespace('voidrelay') is not null`).Scan(&left))
	require.False(t, left, "a check leaves nothing behind")

	_, err = migrate.Up(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	require.NoError(t, migrate.Check(t.Context(), pool))
}

// nothingThere says that a database holds nothing of ours.
func nothingThere(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	require.Equal(t, "true", text(t, pool,
		`select (to_regnamespace('voidrelay') is null and to_regnamespace('reporting') is null)::text`))
}

// The failure: what the vendors say in Chinese broke the ledger's statements, weeks after it was made.
func TestADatabaseThatIsNotInUTF8IsRefusedBeforeAnythingIsCreated(t *testing.T) {
	admin := openURL(t, storetest.EmptyURL(t))
	for _, encoding := range []string{"LATIN1", "EUC_CN"} {
		t.Run(encoding, func(t *testing.T) {
			name := "encoded_" + strings.ToLower(encoding)
			_, err := admin.Exec(t.Context(), `create database `+name+` encoding '`+encoding+
				`' lc_collate 'C' lc_ctype 'C' template template0`)
			require.NoError(t, err)
			address, err := url.Parse(admin.Config().ConnString())
			require.NoError(t, err)
			address.Path = "/" + name
			_, err = migrate.Up(t.Context(), address.String())
			require.ErrorContains(t, err, "the database is encoded in "+encoding)
			require.ErrorContains(t, err, "create database voidrelay encoding 'UTF8' template template0")
			pool := openURL(t, address.String())
			nothingThere(t, pool)
			pool.Close()
			_, err = admin.Exec(t.Context(), `drop database `+name)
			require.NoError(t, err)
		})
	}
}

// The failure: migrations are edited in place until the first release. A ledger of another build with the same version
// was started on, and every read failed with "column does not exist".
func TestALedgerOfAnotherBuildWithTheSameVersionIsRefused(t *testing.T) {
	for name, stage := range map[string]string{
		"another text":              `update voidrelay.migration_text set fingerprint = 'x' where version_id = 4`,
		"nobody wrote down which":   `drop table voidrelay.migration_text`,
		"an older one, not the end": `update voidrelay.migration_text set fingerprint = 'x' where version_id = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			pool := openOwned(t)
			require.NoError(t, migrate.Check(t.Context(), pool))
			_, err := pool.Exec(t.Context(), stage)
			require.NoError(t, err)
			require.ErrorContains(t, migrate.Check(t.Context(), pool), "another build")
			_, err = migrate.Up(t.Context(), pool.Config().ConnString())
			require.ErrorContains(t, err, "another build")
			require.ErrorContains(t, err, "new, empty database")
			standing, err := migrate.StandingOf(t.Context(), pool)
			require.NoError(t, err)
			require.True(t, standing.OtherBuild)
		})
	}
}

// Killed before the first of them was applied: what was written down of migrations that nobody applied binds nobody.
func TestAMigrationThatWasKilledBeforeItsFirstStepGoesOn(t *testing.T) {
	pool := openURL(t, storetest.EmptyURL(t))
	_, err := pool.Exec(t.Context(), `create schema voidrelay;
create table voidrelay.migration_text (version_id bigint primary key, fingerprint text not null);
insert into voidrelay.migration_text values (1, 'of another build'), (2, 'of another build')`)
	require.NoError(t, err)
	_, err = migrate.Up(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	require.NoError(t, migrate.Check(t.Context(), pool))
}
