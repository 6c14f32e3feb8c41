package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(With(m, migrate)) }

// migrate leaves a connection open on purpose, as a careless migration would.
func migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `
create table bill (bill_no text primary key);
do $$ begin
    if not exists (select from pg_roles where rolname = 'voidrelay_app') then
        create role voidrelay_app nologin;
    end if;
end $$;
grant select, insert on bill to voidrelay_app`)
	return err
}

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	for n := range 8 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			pool := Pool(t)
			_, err := pool.Exec(t.Context(), `insert into bill (bill_no) values ('ASM001')`)
			require.NoError(t, err, "no other test's bill is here")
		})
	}
}

func TestURLReachesAMigratedDatabaseAndEmptyURLAnEmptyOne(t *testing.T) {
	for url, want := range map[string]int{URL(t): 1, EmptyURL(t): 0} {
		require.Equal(t, want, count(t, url, `select count(*) from pg_tables where schemaname = 'public'`))
	}
}

func TestTheRunningRoleOwnsNothingAndTheOwnerDoes(t *testing.T) {
	url := URL(t)
	for _, c := range []struct{ url, role, fault string }{
		{url, "voidrelay_app", "must be owner of table bill"},
		{OwnerURL(t, url), "", ""},
	} {
		conn, err := pgx.Connect(t.Context(), c.url)
		require.NoError(t, err)
		defer conn.Close(context.WithoutCancel(t.Context()))
		var role string
		require.NoError(t,
			conn.QueryRow(t.Context(), `select coalesce(nullif(current_user, session_user), '')`).Scan(&role))
		require.Equal(t, c.role, role)
		_, err = conn.Exec(t.Context(), `alter table bill add org text`)
		if c.fault == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.fault)
		}
	}
}

func TestDatabasesGoWithTheirTest(t *testing.T) {
	var name string
	t.Run("has one", func(t *testing.T) {
		require.NoError(t, Pool(t).QueryRow(t.Context(), `select current_database()`).Scan(&name))
		held, err := pgx.Connect(t.Context(), URL(t)) // never closed by the test: the drop ends it
		require.NoError(t, err)
		require.NoError(t, held.Ping(t.Context()))
	})
	require.Contains(t, name, prefix)
	require.Equal(t, 0, count(t, URL(t), `select count(*) from pg_database where datname = '`+name+`'`))
}

func TestMainOnAServerThatIsGiven(t *testing.T) {
	server, err := privatepg.Start(t.Context(), privatepg.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) }()
	old, young := fmt.Sprintf("%s%d_killed_3",
		prefix, time.Now().Add(-25*time.Hour).Unix()), fmt.Sprintf("%s%d_running", prefix, time.Now().Unix())
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, name := range []string{old, young, prefix + "notes"} {
		_, err := conn.Exec(t.Context(), `create database `+name)
		require.NoError(t, err)
	}

	c := &cluster{migrate: migrate, getenv: environment("DATABASE_URL", server.URL())}
	url, drop, err := c.create(t.Context(), true)
	require.NoError(t, err)
	require.Nil(t, c.private)
	require.Equal(t, 0, count(t, url, `select count(*) from bill`))
	require.NoError(t, drop(t.Context()))
	require.NoError(t, c.close(t.Context()))

	rows, err := conn.Query(t.Context(), `select datname from pg_database where datname like 'voidrelay\_%' order by 1`)
	require.NoError(t, err)
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{young, prefix + "notes"}, left)
}

func TestABrokenMigrationFailsEveryTestButRunsOnce(t *testing.T) {
	var calls int
	c := &cluster{getenv: environment("VOIDRELAY_TEST_DATABASE_URL", EmptyURL(t)),
		migrate: func(context.Context, string) error {
			calls++
			return errors.New("column is missing")
		}}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			_, _, err := c.create(context.WithoutCancel(t.Context()), true)
			if err == nil || !strings.Contains(err.Error(), "migrate: column is missing") {
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wait.Wait()
	require.Equal(t, 1, calls)
	require.NoError(t, c.close(t.Context()))
}

func TestAMalformedURLIsRefusedWithoutBeingPrinted(t *testing.T) {
	c := &cluster{migrate: migrate, getenv: environment("DATABASE_URL", "host=localhost password=unsaid")}
	_, _, err := c.create(t.Context(), true)
	require.ErrorContains(t, err, "postgres://user:password@host/database")
	require.NotContains(t, err.Error(), "unsaid")
	require.NoError(t, c.close(t.Context()))
}

func environment(name, value string) func(string) string {
	return func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	}
}

func count(t *testing.T, url, sql string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

var _ Runner = (*testing.M)(nil)
