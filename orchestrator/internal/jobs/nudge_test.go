package jobs

import (
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
)

// The process that led was killed, and Postgres restarted: for half a minute nobody asked for a run, and nothing was
// read.
func TestADispatchAsksForTheRunThatNobodyAskedFor(t *testing.T) {
	b := setup(t)
	b.books.live(1, "A1", "CK001")
	b.run()
	exec := func(sql string) {
		_, err := b.pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	queue := &kept{}
	d := &dispatcher{store: b.store, registry: b.p.registry, insert: queue, logger: slog.New(slog.DiscardHandler), now: b.p.now, hold: time.Minute}

	require.NoError(t, d.run(t.Context()))
	require.Empty(t, queue.args, "the run is not late")

	exec(`update watermark set last_run_time = now() - interval '1 hour'`)
	require.NoError(t, d.run(t.Context()))
	require.Equal(t, []river.JobArgs{runArgs{Scheme: "assembly-void"}}, queue.args)

	for _, rest := range []string{
		`update scheme set state = 'stopped', stop_reason = 'TEST'`,
		`update scheme set state = 'running', stop_reason = '', active = false`,
		`update scheme set active = true; insert into run_failure (scheme, error, failures, not_before) values ('assembly-void', 'x', 1, now() + interval '1 minute')`,
	} {
		queue.args = nil
		exec(rest)
		require.NoError(t, d.run(t.Context()))
		require.Empty(t, queue.args, rest)
	}
}
