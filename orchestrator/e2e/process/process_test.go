package process

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startTime bounds how long a process takes until it listens, stopTime until it has ended.
const (
	startTime = time.Minute
	stopTime  = 30 * time.Second
)

// process is a service in a process of its own.
type process struct {
	t     *testing.T
	role  string
	addrs []string
	cmd   *exec.Cmd
	log   *lockedBuffer
	ended chan struct{}
	err   error
}

// start runs this binary as a service with these settings and nothing else of ours, and waits until it listens. The process is
// killed at the end of the test if it still runs, and its log is shown if the test failed.
func start(t *testing.T, role string, settings map[string]string) *process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "addr")
	p := &process{t: t, role: role, cmd: exec.Command(program), log: &lockedBuffer{}, ended: make(chan struct{})}
	env := map[string]string{
		roleSetting: role, addrSetting: file, "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"), "TMPDIR": os.TempDir(),
		"KINGDEESVC_ADDR": "127.0.0.1:0", "WMSSVC_ADDR": "127.0.0.1:0",
		"ORCHESTRATOR_GRPC_ADDR": "127.0.0.1:0", "ORCHESTRATOR_HTTP_ADDR": "127.0.0.1:0",
	}
	maps.Copy(env, settings)
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", role, p.log)
		}
	})
	await(t, startTime, role+" listens", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("%s ended: %v", role, p.err)
		default:
		}
		text, err := os.ReadFile(file)
		p.addrs = strings.Fields(string(text))
		return err == nil
	})
	return p
}

// kill ends the process as the kernel would when memory runs out.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// terminate asks the process to stop, and expects it to do so well.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
		require.NoError(p.t, p.err, "%s was asked to stop", p.role)
	case <-time.After(stopTime):
		require.Fail(p.t, p.role+" does not stop")
	}
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
