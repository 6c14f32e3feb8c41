package checkup

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// sessionLock takes an advisory lock that nobody else takes, for as long as the question lasts.
const sessionLock = `select pg_backend_pid(), pg_try_advisory_lock(766966637)`

// askPooler says whether a session is a session. A transaction pooler gives each transaction whichever connection to
// the database is free, so that a lock outlives its owner and a prepared statement is not there when it is used.
//
// The first connection takes a session's lock, the second begins a transaction: with a pooler between, it is served by
// the connection that the first one used last, or the first one is served by another afterwards.
func askPooler(ctx context.Context, first *pgx.Conn, url string) Finding {
	const id = "database.pooler"
	advice := say("DATABASE_URL 要直连 PostgreSQL（一般是 5432 端口），不经 PgBouncer 等的事务模式；或把它改为 pool_mode=session",
		"DATABASE_URL must lead to PostgreSQL itself (mostly port 5432), not through PgBouncer or its like in "+
			"transaction mode; or set pool_mode=session there")
	shared, err := sharesSessions(ctx, first, url)
	switch {
	case err != nil:
		return failed(id, poolerTitle, same(err.Error()), advice)
	case shared:
		return failed(id, poolerTitle, say("前面有事务模式的连接池：会话锁和预备语句不能用",
			"a transaction pooler stands in front: neither session locks nor prepared statements hold"), advice)
	}
	var backend uint32
	err = first.QueryRow(ctx, `select pg_backend_pid()`).Scan(&backend)
	if err == nil && backend != first.PgConn().PID() {
		return warning(id, poolerTitle, say("前面有连接池，会话看起来是独占的",
			"a pooler stands in front; sessions seem to be kept apart"), say("确认它是 pool_mode=session，最好直连",
			"make sure that it says pool_mode=session; a direct connection is better"))
	}
	return ok(id, poolerTitle, say("直连，会话锁有效", "a direct connection; session locks hold"))
}

func sharesSessions(ctx context.Context, first *pgx.Conn, url string) (bool, error) {
	var before, other, after uint32
	var locked bool
	if err := first.QueryRow(ctx, sessionLock).Scan(&before, &locked); err != nil {
		return false, err
	}
	defer func() { _, _ = first.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock(766966637)`) }()
	second, err := connect(ctx, url)
	if err != nil {
		return false, err
	}
	defer func() { _ = second.Close(context.WithoutCancel(ctx)) }()
	tx, err := second.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := tx.QueryRow(ctx, `select pg_backend_pid()`).Scan(&other); err != nil {
		return false, err
	}
	if other == before {
		return true, nil
	}
	err = first.QueryRow(ctx, `select pg_backend_pid()`).Scan(&after)
	return after != before, err
}
