package process

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// root is the repository.
const root = "../../.."

// block is the file of that name on docs/grpc.md, which tells foreign developers how to write a client.
func block(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "grpc.md"))
	require.NoError(t, err)
	fence := regexp.MustCompile("(?s)<!-- client: " + regexp.QuoteMeta(name) + " -->\n```[a-z]+\n(.*?\n)```\n")
	found := fence.FindSubmatch(page)
	require.NotNil(t, found, "docs/grpc.md has no block %s", name)
	return string(found[1])
}

// blocks puts blocks of the page into a new folder, as its reader does.
func blocks(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(block(t, name)), 0o600))
	}
	return dir
}

// reader is a client of docs/grpc.md that runs, and what it has printed so far.
type reader struct {
	t     *testing.T
	cmd   *exec.Cmd
	said  *lockedBuffer
	ended chan struct{}
}

// read starts a client in its folder.
func read(t *testing.T, dir, addr string, command ...string) *reader {
	t.Helper()
	r := &reader{t: t, said: &lockedBuffer{}, ended: make(chan struct{})}
	r.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), command[0], command[1:]...)
	r.cmd.Dir = dir
	r.cmd.Env = append(os.Environ(), "VOIDRELAY_ADDR="+addr, "VOIDRELAY_TOKEN=")
	r.cmd.Stdout, r.cmd.Stderr = r.said, r.said
	require.NoError(t, r.cmd.Start())
	go func() {
		defer close(r.ended)
		_ = r.cmd.Wait()
	}()
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("the client said:\n%s", r.said)
		}
	})
	return r
}

func (r *reader) kill() {
	_ = r.cmd.Process.Kill()
	<-r.ended
}

// lines are those that it has printed about a bill.
func (r *reader) lines(number string) []string {
	var all []string
	lines := bufio.NewScanner(strings.NewReader(r.said.String()))
	for lines.Scan() {
		if slices.Contains(strings.Fields(lines.Text()), number) {
			all = append(all, lines.Text())
		}
	}
	return all
}

// await waits until it is so, while the client runs.
func (r *reader) await(what string, so func() bool) {
	r.t.Helper()
	await(r.t, time.Minute, what, func() bool {
		select {
		case <-r.ended:
			require.FailNow(r.t, "the client has ended")
		default:
		}
		return so()
	})
}

// says waits until it has printed that of a bill, and expects it to do so once.
func (r *reader) says(number, line string) {
	r.t.Helper()
	r.await("the client says "+line, func() bool { return slices.Contains(r.lines(number), line) })
	require.Equal(r.t, []string{line}, slices.DeleteFunc(r.lines(number), func(said string) bool {
		return !strings.HasPrefix(said, "EVENT_KIND_CANCELLATION_SETTLED")
	}))
}

// followsADay has a client of the page follow bills while the orchestrator, and then the client itself, is killed. It
// must say everything once. command starts it in dir, but for its arguments.
func followsADay(t *testing.T, dir string, command ...string) {
	t.Helper()
	w := setup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	first, client := w.orchestrate(nil)
	addr := first.Addrs[0]
	require.NoError(t, client.Baseline(ctx))
	void := func(number string) {
		_, err := w.vendors.Kingdee.UnauditAndVoid(ctx, number)
		require.NoError(t, err)
	}
	settled := func(number string) string { return "EVENT_KIND_CANCELLATION_SETTLED " + number + " cancelled" }
	begin := func() *reader {
		return read(t, dir, addr, append(command, "assembly-void", "ZZCX000151", "NO-SUCH-BILL")...)
	}

	r := begin()
	r.await("the client watches", func() bool {
		_, err := os.Stat(filepath.Join(dir, "events.token"))
		return err == nil
	})
	require.Equal(t, []string{"NO-SUCH-BILL not seen"}, r.lines("NO-SUCH-BILL"))
	require.Len(t, r.lines("ZZCX000151"), 1)
	require.Contains(t, r.lines("ZZCX000151")[0], "无需取消")
	void("ZZCX000151")
	r.says("ZZCX000151", settled("ZZCX000151"))

	first.Kill()
	void("ZZCX000154")
	second, client := w.orchestrate(map[string]string{"ORCHESTRATOR_GRPC_ADDR": addr})
	r.says("ZZCX000154", settled("ZZCX000154"))
	require.Len(t, r.lines("ZZCX000151"), 2, "nothing is said again")
	r.kill()

	void("ZZCX000155")
	require.NoError(t, client.Run(ctx))
	require.NoError(t, client.Settled(ctx))
	r = begin()
	r.says("ZZCX000155", settled("ZZCX000155"))
	require.Empty(t, r.lines("ZZCX000154"), "that was said before")
	require.Len(t, r.lines("ZZCX000151"), 1, "what became of it, since that is asked anew")
	require.Contains(t, r.lines("ZZCX000151")[0], "已取消")
	terminate(t, second)
}

// works runs a command that must work.
func works(t *testing.T, dir string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestTheGoClientOfThePageMissesNothingAndSaysNothingTwice(t *testing.T) {
	t.Parallel()
	dir := blocks(t, "client.go")
	program := filepath.Join(dir, "client")
	works(t, root, "go", "build", "-o", program, filepath.Join(dir, "client.go"))
	followsADay(t, dir, program)
}
