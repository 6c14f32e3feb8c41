package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Schema is where all tables live, River's too.
const Schema = "voidrelay"

// Open connects to Postgres with our schema on the search path. It needs the server to answer, and version 15 or later.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return OpenGuarded(ctx, url, nil, func(*pgxpool.Config) {})
}

// OpenGuarded is Open with a tracer of its statements, nil for none, and what else is said of its connections. An
// address that cannot be parsed is refused in words that hold no character of it.
func OpenGuarded(
	ctx context.Context, url string, tracer pgx.QueryTracer, guard func(*pgxpool.Config),
) (*pgxpool.Pool, error) {
	if err := CheckURL(url); err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// Only the pool's own settings are left to be wrong, and pgx's words for them quote the address.
		return nil, fmt.Errorf("DATABASE_URL: %w", errURL)
	}
	cfg.ConnConfig.Tracer = tracer
	cfg.ConnConfig.RuntimeParams["search_path"] = Schema
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		// A name in the URL tells several orchestrators apart in the server's own views.
		cfg.ConnConfig.RuntimeParams["application_name"] = "voidrelay"
	}
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// A plan that was cached while the tables were small reads them whole, row by row, once they have grown in a
	// minute; so each statement is planned for the tables as they are.
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	// No statement of ours runs for so long that compiling it first would pay, and the ways of joining that byKey
	// forbids count as so dear that Postgres would compile each of its statements.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	// The server gives up a client that is gone within half a minute, and with it the locks that it held. They mean
	// nothing on a Unix socket, and are accepted there.
	cfg.ConnConfig.RuntimeParams["tcp_keepalives_idle"] = "10"
	cfg.ConnConfig.RuntimeParams["tcp_keepalives_interval"] = "5"
	cfg.ConnConfig.RuntimeParams["tcp_keepalives_count"] = "3"
	// A process that is frozen in the middle of a transaction answers keep-alives and holds its row locks: the server
	// ends it. No transaction of ours waits for anything but the database.
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "15s"
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.AfterConnect = ZeroTimes
	if cfg.MaxConns < 20 {
		cfg.MaxConns = 20
	}
	guard(cfg)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	var version int
	if err := pool.QueryRow(ctx, `select current_setting('server_version_num')::integer`).Scan(&version); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	if version < 150000 {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL 15 or later is needed, this server is version %d", version/10000)
	}
	return pool, nil
}

// ErrReadOnly says that the database answers and takes nothing: a standby, or one that a disk guard has closed.
var ErrReadOnly = errors.New("the database is read-only")

// ErrWentBack says that the database answers and is behind what this host has seen of it: an older back-up, or a server
// that took over without the last transactions. Nothing is read or sent by it until a person confirms.
var ErrWentBack = errors.New("the ledger went back: it is behind what this host has seen of it (账本比本机记得的旧)")

// Usable says whether the database answers and takes what is written.
func Usable(ctx context.Context, pool *pgxpool.Pool) error {
	var readOnly bool
	const ask = `select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean`
	if err := pool.QueryRow(ctx, ask).Scan(&readOnly); err != nil {
		return fmt.Errorf("look at the ledger: %w", err)
	}
	if readOnly {
		return ErrReadOnly
	}
	return nil
}

// InTx runs fn in a transaction and repeats it, boundedly, when Postgres asked for that (serialization failure or
// deadlock).
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	return repeat(ctx, pool, pgx.TxOptions{}, fn)
}

// byIndex begins a transaction that writes a page: its statements reach each row through an index. Postgres would read
// whole tables that it still believes to be small, row by row and again for each row of the page.
const byIndex = `begin; set local enable_seqscan = off`

// InPageTx is InTx for statements that reach each row through an index, for a page of rows.
func InPageTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	return repeat(ctx, pool, pgx.TxOptions{BeginQuery: byIndex}, fn)
}

// byKey begins a transaction whose statements reach each row by its key, which is right however large the tables are.
// So their plans are made once per connection and kept: planning such a statement takes longer than running it for a
// few dozen rows. Without the other ways of joining, the one plan cannot go wrong by what the tables were like when
// it was made.
const byKey = `begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local ` +
	`enable_hashjoin = off; set local enable_mergejoin = off`

// InKeyedTx is InTx for statements that reach each row by its key.
func InKeyedTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	return repeat(ctx, pool, pgx.TxOptions{BeginQuery: byKey}, fn)
}

func repeat(ctx context.Context, pool *pgxpool.Pool, options pgx.TxOptions, fn func(tx pgx.Tx) error) error {
	var err error
	for range 3 {
		err = pgx.BeginTxFunc(ctx, pool, options, fn)
		if !repeatable(err) {
			return err
		}
	}
	return err
}
