package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Migrate brings the database that url names from empty to the newest schema, and closes its connections.
type Migrate func(ctx context.Context, url string) error

// Runner is what Main needs of a *testing.M.
type Runner interface{ Run() int }

// Main runs the tests and afterwards stops what they started. Its result is for os.Exit.
func Main(m Runner, migrate Migrate) int {
	c := &cluster{migrate: migrate, getenv: os.Getenv}
	current.Store(c)
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := c.close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		return max(code, 1)
	}
	return code
}

// With is m with Main around it, for those who run it themselves: goleak.VerifyTestMain(storetest.With(m,
// store.Migrate)) looks for leaked goroutines after the server is gone.
func With(m Runner, migrate Migrate) Runner { return runner{m, migrate} }

type runner struct {
	m       Runner
	migrate Migrate
}

func (r runner) Run() int { return Main(r.m, r.migrate) }

// limit bounds each step of ours against the server.
const limit = 2 * time.Minute

// Pool is a pool of the running role's connections to a new, migrated database. Both end with the test, which fails if
// it still holds a connection.
func Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), URL(t))
	if err != nil {
		t.Fatalf("storetest: open a pool: %v", err)
	}
	t.Cleanup(func() { closePool(t, pool) })
	return pool
}

// URL names a new, migrated database, for tests that start real processes: they are the running role. It is dropped
// when the test ends, connections or not.
func URL(t testing.TB) string {
	t.Helper()
	return as(t, fresh(t, true), RunningRole)
}

// OwnerURL names the database of a URL for its owner, who may do what the running role may not: stage rows that the
// orchestrator never writes, alter tables, migrate.
func OwnerURL(t testing.TB, url string) string {
	t.Helper()
	return as(t, url, "")
}

// EmptyURL names a new database with nothing in it for its owner, for tests of the migration itself.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return fresh(t, false)
}

// as is the URL for connections that begin as a role; "": as whom it logs in as.
func as(t testing.TB, address, role string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal("storetest: not a URL of this package")
	}
	query := parsed.Query()
	query.Del("role")
	if role != "" {
		query.Set("role", role)
	}
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

func fresh(t testing.TB, migrated bool) string {
	t.Helper()
	c := current.Load()
	if c == nil {
		t.Fatal("storetest: call storetest.Main from this package's TestMain")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	address, drop, err := c.create(ctx, migrated)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
		defer cancel()
		if err := drop(ctx); err != nil {
			t.Errorf("storetest: %v", err)
		}
	})
	return address
}

// closePool waits for the connections to come home, but not for ever: one that is never released would hang the whole
// binary.
func closePool(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	var closing sync.WaitGroup
	done := make(chan struct{})
	closing.Go(func() {
		pool.Close()
		close(done)
	})
	select {
	case <-done:
		closing.Wait()
	case <-time.After(10 * time.Second):
		t.Errorf("storetest: the test ended with %d connections of its pool in use", pool.Stat().AcquiredConns())
	}
}
