package sandbox_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/behaviour"
)

// listener passes on why delayed calls ended early.
type listener struct {
	slog.Handler
	heard chan string
}

func (l *listener) Enabled(context.Context, slog.Level) bool { return true }

func (l *listener) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "why" {
			l.heard <- a.Value.String()
		}
		return true
	})
	return nil
}

// Delays used to be served to their end: one of a minute held Stop for a minute.
func TestADelayEndsWhenTheCallerLeavesAndWhenTheSandboxStops(t *testing.T) {
	t.Parallel()
	ears := &listener{Handler: slog.DiscardHandler, heard: make(chan string, 8)}
	b := setup(t, func(c *sandbox.Config) { c.Logger = slog.New(ears) })
	require.NoError(t, b.server.AddFault(behaviour.Fault{DelayMillis: 3_600_000, Count: 2}))

	ctx, leave := context.WithCancel(t.Context())
	ended := b.askAsync(ctx)
	b.awaitFaults(1)
	leave()
	require.Error(t, <-ended)
	require.Equal(t, "the caller left", <-ears.heard)

	ended = b.askAsync(t.Context())
	b.awaitFaults(0)
	stopping, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, b.server.Stop(stopping))
	require.Equal(t, "the sandbox stops", <-ears.heard)
	require.Error(t, <-ended)
}

// askAsync sends a query; its error comes when the call has ended.
func (b *bundle) askAsync(ctx context.Context) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := b.sendContext(ctx, queryService+
			"ExecuteBillQuery.common.kdsvc", `{"data":{"FormId":"STK_AssembledApp","FieldKeys":"FID"}}`,
			"kdservice-sessionid", b.session)
		ended <- err
	}()
	return ended
}

// awaitFaults waits until so many are left: the call before has taken its own.
func (b *bundle) awaitFaults(left int) {
	b.Helper()
	require.Eventually(b, func() bool {
		total := 0
		for _, f := range b.server.Faults() {
			total += f.Count
		}
		return total == left
	}, time.Minute, time.Millisecond)
}
