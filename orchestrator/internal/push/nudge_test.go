package push_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/runtest"
)

// The process that led was killed, and Postgres restarted: for half a minute nobody asked for a run, and nothing was
// read.
func TestADispatchAsksForTheRunThatNobodyAskedFor(t *testing.T) {
	b := runtest.New(t)
	b.Books.Live(1, "A1", "CK001")
	b.Run()
	exec := func(sql string) {
		_, err := b.Pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	inserted := &runtest.Kept{}
	d := &push.Dispatcher{Store: b.Store, Registry: b.Job.Registry,
		Insert: inserted, Logger: slog.New(slog.DiscardHandler),
		Now: b.Job.Now, Hold: time.Minute}

	require.NoError(t, d.Run(t.Context()))
	require.Empty(t, inserted.Args, "the run is not late")

	exec(`update watermark set last_run_time = now() - interval '1 hour'`)
	require.NoError(t, d.Run(t.Context()))
	require.Equal(t, []river.JobArgs{queue.RunArgs{Scheme: "assembly-void"}}, inserted.Args)

	for _, rest := range []string{
		`insert into condition (kind, scheme, reason, blocks_reading, blocks_sending, by_person)
values ('scheme_stopped', 'assembly-void', 'TEST', true, true, true)`,
		`update condition set end_time = now(); update scheme set active = false`,
		`update scheme set active = true; insert into run_failure (scheme, error, failures, not_before) values ` +
			`('assembly-void', 'x', 1, now() + interval '1 minute')`,
	} {
		inserted.Args = nil
		exec(rest)
		require.NoError(t, d.Run(t.Context()))
		require.Empty(t, inserted.Args, rest)
	}
}
