package process

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// stopTime bounds how long a process takes to stop.
const stopTime = 30 * time.Second

// start starts a service as a process. It is killed at the end of the test if it still runs, and its log is shown if
// the test failed.
func start(t *testing.T, role string, settings map[string]string) *install.Process {
	t.Helper()
	log := &lockedBuffer{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said:\n%s", role, log)
		}
	})
	p, err := install.StartProcess(t.Context(), role, settings, log)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	return p
}

// terminate asks a process to stop, and expects it to do so well.
func terminate(t *testing.T, p *install.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stopTime)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
}

// await asks every few milliseconds until it is so.
func await(t *testing.T, limit time.Duration, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "waited "+limit.String()+" in vain: "+what)
		case <-tick.C:
		}
	}
}

// lockedBuffer is written by the process's output and read by the test.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
