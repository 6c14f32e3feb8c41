package ledger

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lockLasts is how long a lock outlives the last word of its holder, and lockWord how often a holder that is alive says
// one, however long the vendor takes that it waits for: only a process that is frozen or cut off says nothing for so
// long.
const (
	lockLasts = 40 * time.Second
	lockWord  = 10 * time.Second
)

// TryLock takes the lock of that name, which nobody else then gets until unlock. It dies with its connection, and the
// server ends the connection when its process has said nothing for so long as lasts says; word is how often it says
// something, 0 for never. ok is false when somebody else holds it.
func TryLock(
	ctx context.Context, pool *pgxpool.Pool, name string, lasts, word time.Duration,
) (unlock func(), ok bool, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("lock %s: %w", name, err)
	}
	const key = `hashtextextended('voidrelay ' || $1, 0)`
	// One statement: a process that dies or freezes after it has either both or neither.
	const take = `select case when pg_try_advisory_lock(` + key +
		`) then set_config('idle_session_timeout', $2, false) end is not null`
	if err := conn.QueryRow(ctx, take, name, strconv.FormatInt(lasts.Milliseconds(), 10)).Scan(&ok); err != nil || !ok {
		if err != nil {
			// It may have been taken after all.
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
			err = fmt.Errorf("lock %s: %w", name, err)
		}
		conn.Release()
		return nil, false, err
	}
	hush := talk(context.WithoutCancel(ctx), conn.Conn(), word)
	return func() {
		hush()
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(free, `select pg_advisory_unlock(`+key+
			`), set_config('idle_session_timeout', '0', false)`, name); err != nil {
			// The connection, and the lock with it, must not go back to the pool.
			_ = conn.Conn().Close(free)
		}
		conn.Release()
	}, true, nil
}

// LockOf takes a lock for work that is done in chunks, as long as its holder is alive.
func LockOf(ctx context.Context, pool *pgxpool.Pool, name string) (unlock func(), ok bool, err error) {
	return TryLock(ctx, pool, name, lockLasts, lockWord)
}

// talk says a word on a lock's connection now and then, until hush is called.
func talk(ctx context.Context, conn *pgx.Conn, every time.Duration) (hush func()) {
	if every == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var talking sync.WaitGroup
	talking.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			// Without ctx: to cancel a statement is to lose the connection, and the lock with it.
			said, enough := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			_, err := conn.Exec(said, "select")
			enough()
			if err != nil {
				return // the lock is lost; what its holder writes meets the rows as they are then
			}
		}
	})
	return func() {
		cancel()
		talking.Wait()
	}
}
