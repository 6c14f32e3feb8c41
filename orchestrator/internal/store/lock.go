package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// lockLasts is how long a lock outlives the last word of its holder. It is longer than any job may take, so only a process that is
// frozen or cut off meets it: its connection stands, answers keep-alives, and would hold the lock for as long as it stands. Once it is
// gone the holder can no longer do harm: what it still writes is refused by the cursor, the mark's version and the bills' read times.
const lockLasts = 40 * time.Second

// tryLock takes the lock of that name, which nobody else then gets until unlock. It dies with its connection, and the server ends the
// connection when its process has said nothing for so long as lasts says. ok is false when somebody else holds it.
func (s *Store) tryLock(ctx context.Context, name string, lasts time.Duration) (unlock func(), ok bool, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("lock %s: %w", name, err)
	}
	const key = `hashtextextended('voidrelay ' || $1, 0)`
	// One statement: a process that dies or freezes after it has either both or neither.
	const take = `select case when pg_try_advisory_lock(` + key + `) then set_config('idle_session_timeout', $2, false) end is not null`
	if err := conn.QueryRow(ctx, take, name, strconv.FormatInt(lasts.Milliseconds(), 10)).Scan(&ok); err != nil || !ok {
		if err != nil {
			// It may have been taken after all.
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
			err = fmt.Errorf("lock %s: %w", name, err)
		}
		conn.Release()
		return nil, false, err
	}
	return func() {
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.Exec(free, `select pg_advisory_unlock(`+key+`), set_config('idle_session_timeout', '0', false)`, name); err != nil {
			// The connection, and the lock with it, must not go back to the pool.
			_ = conn.Conn().Close(free)
		}
		conn.Release()
	}, true, nil
}
