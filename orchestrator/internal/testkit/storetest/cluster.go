package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
)

// current is the cluster of the running Main: tests reach it by calling functions, as they do everything of package
// testing.
var current atomic.Pointer[cluster]

// cluster is the server and the template that the tests of one binary share. It comes up with the first test that needs
// it.
type cluster struct {
	migrate Migrate
	getenv  func(string) string

	opening sync.Mutex
	opened  bool
	err     error // why it did not come up, for every later caller
	private *privatepg.Server
	admin   *pgxpool.Pool // to the database of the server's URL; makes and drops the others
	base    *url.URL
	run     string // begins the name of every database of this binary
	next    atomic.Int64
}

const prefix = "voidrelay_test_"

// RunningRole is what tests run as, as the orchestrator does: it owns nothing. The migration makes it.
const RunningRole = "voidrelay_app"

// create makes a database and answers how its owner reaches it and how to drop it.
func (c *cluster) create(ctx context.Context, migrated bool) (string, func(context.Context) error, error) {
	if err := c.open(ctx); err != nil {
		return "", nil, err
	}
	template := "template0"
	if migrated {
		template = c.run
	}
	name := fmt.Sprintf("%s_%d", c.run, c.next.Add(1))
	if err := c.exec(ctx, `create database %s template %s`, name, template); err != nil {
		return "", nil, err
	}
	drop := func(ctx context.Context) error { return c.exec(ctx, `drop database if exists %s with (force)`, name) }
	return c.urlOf(name), drop, nil
}

// open brings server and template up, once. A failure is remembered: the other tests fail with it at once.
func (c *cluster) open(ctx context.Context) error {
	c.opening.Lock()
	defer c.opening.Unlock()
	if !c.opened {
		c.opened = true
		c.err = c.bringUp(ctx)
	}
	return c.err
}

func (c *cluster) bringUp(ctx context.Context) error {
	address, err := c.server(ctx)
	if err != nil {
		return err
	}
	if c.base, err = url.Parse(address); err != nil || c.base.Host == "" && c.base.Query().Get("host") == "" {
		// it is not printed: it has a password
		return errors.New("the database URL is not of the form postgres://user:password@host/database")
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return fmt.Errorf("database URL: %w", err)
	}
	config.MaxConns = 4
	// The server outlives the test that brings it up, so the pool must not hang on that test's context.
	if c.admin, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return fmt.Errorf("open a pool: %w", err)
	}
	c.run = fmt.Sprintf("%s%d_%s", prefix, time.Now().Unix(), strings.ToLower(rand.Text()[:8]))
	if err := c.dropOld(ctx); err != nil {
		return err
	}
	if err := c.exec(ctx, `create database %s template %s`, c.run, "template0"); err != nil {
		return err
	}
	if err := c.migrate(ctx, c.urlOf(c.run)); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return c.seal(ctx)
}

// server answers where the databases are to be made.
func (c *cluster) server(ctx context.Context) (string, error) {
	for _, name := range []string{"VOIDRELAY_TEST_DATABASE_URL", "DATABASE_URL"} {
		if address := c.getenv(name); address != "" {
			return address, nil
		}
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	if c.private, err = privatepg.Start(ctx, privatepg.Options{Logger: logger}); err != nil {
		return "", err
	}
	return c.private.URL(), nil
}

// seal keeps connections out of the template, and ends those the migration left: PostgreSQL clones no database in use.
func (c *cluster) seal(ctx context.Context) error {
	if err := c.exec(ctx, `alter database %s with allow_connections false`, c.run); err != nil {
		return err
	}
	if _, err := c.admin.Exec(ctx, `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1`,
		c.run); err != nil {
		return fmt.Errorf("end connections to the template: %w", err)
	}
	return nil
}

// dropOld drops what runs that were killed left on a server that is not our own, once it is a day old.
func (c *cluster) dropOld(ctx context.Context) error {
	rows, err := c.admin.Query(ctx, `
		select datname
		from pg_database
		where datname ~ ('^' || $1 || '[0-9]{10}_')
		  and to_timestamp(substring(datname from '_([0-9]{10})_')::bigint) < now() - interval '1 day'
		  and pg_has_role(datdba, 'member')`, prefix)
	if err != nil {
		return fmt.Errorf("look for old test databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for old test databases: %w", err)
	}
	for _, name := range names {
		if err := c.exec(ctx, `drop database if exists %s with (force)`, name); err != nil {
			return err
		}
	}
	return nil
}

// close drops the template, and stops the server if it is our own.
func (c *cluster) close(ctx context.Context) error {
	c.opening.Lock()
	defer c.opening.Unlock()
	var err error
	if c.admin != nil {
		if c.private == nil && c.run != "" {
			err = c.exec(ctx, `drop database if exists %s with (force)`, c.run)
		}
		c.admin.Close()
	}
	if c.private != nil {
		err = errors.Join(err, c.private.Stop(ctx))
	}
	return err
}

// exec runs a statement whose parameters are names, which PostgreSQL takes in the text only.
func (c *cluster) exec(ctx context.Context, statement string, names ...string) error {
	quoted := make([]any, len(names))
	for i, name := range names {
		quoted[i] = pgx.Identifier{name}.Sanitize()
	}
	sql := fmt.Sprintf(statement, quoted...)
	if _, err := c.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func (c *cluster) urlOf(name string) string {
	u := *c.base
	u.Path = "/" + name
	return u.String()
}
