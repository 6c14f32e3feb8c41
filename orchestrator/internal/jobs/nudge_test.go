package jobs

import (
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
)

// The process that led was killed, and Postgres restarted: for half a minute nobody asked for a run, and nothing was
// read.
func TestADispatchAsksForTheRunThatNobodyAskedFor(t *testing.T) {
	b := setup(t)
	b.books.Live(1, "A1", "CK001")
	b.run()
	exec := func(sql string) {
		_, err := b.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	inserted := &kept{}
	d := &push.Dispatcher{Store: b.store, Registry: b.p.registry,
		Insert: inserted, Logger: slog.New(slog.DiscardHandler),
		Now: b.p.now, Hold: time.Minute}

	require.NoError(t, d.Run(t.Context()))
	require.Empty(t, inserted.args, "the run is not late")

	exec(`update watermark set last_run_time = now() - interval '1 hour'`)
	require.NoError(t, d.Run(t.Context()))
	require.Equal(t, []river.JobArgs{queue.RunArgs{Scheme: "assembly-void"}}, inserted.args)

	for _, rest := range []string{
		`update scheme set state = 'stopped', stop_reason = 'TEST'`,
		`update scheme set state = 'running', stop_reason = '', active = false`,
		`update scheme set active = true; insert into run_failure (scheme, error, failures, not_before) values ` +
			`('assembly-void', 'x', 1, now() + interval '1 minute')`,
	} {
		inserted.args = nil
		exec(rest)
		require.NoError(t, d.Run(t.Context()))
		require.Empty(t, inserted.args, rest)
	}
}
