package startup

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/settings"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// programs are all that an installation runs.
var programs = []string{
	"../../../kingdeesvc/cmd/kingdeesvc", "../../../wmssvc/cmd/wmssvc", "../../cmd/orchestrator", "../../cmd/voidrelay",
}

// sandboxes are what people try them on.
var sandboxes = []string{"../../../kingdeesvc/sandbox/cmd/kingdee-sandbox", "../../../wmssvc/sandbox/cmd/wms-sandbox"}

// built is where they are, once a test needed them.
var built string

// build makes them once, as an installation has them.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "voidrelay-programs-")
	if err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", slices.Concat([]string{"build", "-o", dir}, programs, sandboxes)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// program is one of them with an environment of its own.
func program(t *testing.T, name string, env map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	dir, err := build()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, name), args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// log reads a program's lines until one has the message, which it answers.
type log struct {
	lines *bufio.Scanner
	all   strings.Builder
}

func (l *log) until(t *testing.T, message string) map[string]any {
	t.Helper()
	for l.lines.Scan() {
		l.all.WriteString(l.lines.Text() + "\n")
		var line map[string]any
		require.NoError(t, json.Unmarshal(l.lines.Bytes(), &line), "a line that is no JSON: %s", l.lines.Text())
		if strings.HasPrefix(fmt.Sprint(line["msg"]), message) {
			return line
		}
	}
	t.Fatalf("no line %q in\n%s", message, l.all.String())
	return nil
}

// serveProgram starts a program and waits until it listens.
func serveProgram(t *testing.T, s service) (*exec.Cmd, *log) {
	t.Helper()
	cmd := program(t, s.name, s.ready(t, nil))
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := &log{lines: bufio.NewScanner(stderr)}
	lines.until(t, s.name+" listens")
	return cmd, lines
}

// SIGHUP ended all three at once, without a drain: log rotation, `systemctl reload` and a closing terminal send it.
func TestSIGHUPEndsNothingAndSIGTERMEndsInOrder(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		cmd, lines := serveProgram(t, s)
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
		lines.until(t, "SIGHUP")
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
		lines.until(t, "SIGHUP")
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		for lines.lines.Scan() {
			lines.all.WriteString(lines.lines.Text() + "\n")
		}
		require.NoError(t, cmd.Wait(), lines.all.String())
		require.NotContains(t, lines.all.String(), "hush-hush")
		told := strings.Split(strings.TrimSpace(lines.all.String()), "\n")
		require.Contains(t, told[len(told)-1],
			`"msg":"stopped"`, "the log of a service that was killed ends like any other")
	})
}

// What callers cause in libraries stood as plain text between our lines.
func TestEveryLineOfTheLogIsJSON(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		cmd, lines := serveProgram(t, s)
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", firstAddr(t, lines))
		require.NoError(t, err)
		_, err = conn.Write([]byte("GET / HTTP/1.1\r\n\r\nnonsense"))
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, conn)
		require.NoError(t, conn.Close())
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		for lines.lines.Scan() {
			require.True(t, json.Valid(lines.lines.Bytes()), lines.lines.Text())
		}
		require.NoError(t, cmd.Wait())
	})
}

// `voidrelay up` told of its end in plain text between the lines of its log.
func TestUpWritesJSONToTheEndAndSIGHUPEndsNothing(t *testing.T) {
	t.Parallel()
	status, example, _ := run(t, program(t, "voidrelay", nil, "scheme", "example"))
	require.Zero(t, status)
	env := map[string]string{"SCHEMES_FILE": file(t, example)}
	for _, s := range services {
		maps.Copy(env, s.sound)
	}
	for _, setting := range []string{"KINGDEESVC_TARGET", "WMSSVC_TARGET", "ADAPTER_TOKEN"} {
		delete(env, setting)
	}
	env["DATABASE_URL"], env["STATE_DIR"] = storetest.URL(t), t.TempDir()
	cmd := program(t, "voidrelay", env, "up")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := &log{lines: bufio.NewScanner(stderr)}
	lines.until(t, "orchestrator listens")
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	lines.until(t, "SIGHUP")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for lines.lines.Scan() {
		require.True(t, json.Valid(lines.lines.Bytes()), lines.lines.Text())
	}
	require.NoError(t, cmd.Wait())
}

// Any program of the machine could cancel orders at the adapters of `voidrelay up`, past the ledger.
func TestUpLeavesNoAdapterOpen(t *testing.T) {
	t.Parallel()
	status, example, _ := run(t, program(t, "voidrelay", nil, "scheme", "example"))
	require.Zero(t, status)
	env := map[string]string{"SCHEMES_FILE": file(t, example)}
	for _, s := range services {
		maps.Copy(env, s.sound)
	}
	for _, setting := range []string{"KINGDEESVC_TARGET", "WMSSVC_TARGET", "ADAPTER_TOKEN"} {
		delete(env, setting)
	}
	state := t.TempDir()
	env["DATABASE_URL"], env["STATE_DIR"] = storetest.URL(t), state
	cmd := program(t, "voidrelay", env, "up")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := &log{lines: bufio.NewScanner(stderr)}
	addrs := map[string]string{}
	for _, name := range []string{"kingdeesvc", "wmssvc"} {
		addrs[name], _ = lines.until(t, name+" listens")["addr"].(string)
	}
	lines.until(t, "orchestrator listens")
	token, err := settings.ReadSecret(filepath.Join(state, "adapters", "token"))
	require.NoError(t, err)
	for _, name := range []string{"token", "callers"} {
		info, err := os.Stat(filepath.Join(state, "adapters", name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	for _, s := range services[:2] {
		err := s.call(t.Context(), dial(t, addrs[s.name], serve.DialOptions{}))
		require.Equal(t, codes.Unauthenticated, grpcstatus.Code(err), s.name)
		require.NoError(t, s.call(t.Context(), dial(t, addrs[s.name], serve.DialOptions{Token: token})))
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for lines.lines.Scan() {
		lines.all.WriteString(lines.lines.Text() + "\n")
	}
	require.NoError(t, cmd.Wait())
	require.NotContains(t, lines.all.String(), token.Reveal())
	require.NotContains(t, lines.all.String(), "UNAUTHENTICATED", "the orchestrator beside them is known")
}

func firstAddr(t *testing.T, lines *log) string {
	t.Helper()
	for text := range strings.Lines(lines.all.String()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		for _, key := range []string{"addr", "grpc"} {
			if addr, ok := line[key].(string); ok {
				return addr
			}
		}
	}
	t.Fatal("no address in the log")
	return ""
}

func TestTheCommandLine(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		for _, c := range []struct {
			args   []string
			status int
			says   string
		}{
			{[]string{"--help"}, 0, "docs/running.md"},
			{[]string{"-h"}, 0, "usage: " + s.name},
			{[]string{"help"}, 0, s.name + " --version"},
			{[]string{"--version"}, 0, s.name + " "},
			{[]string{"version"}, 0, " go1."},
			{[]string{"frob"}, 2, `unknown argument "frob"`},
			{nil, 2, "not set"},
		} {
			status, out, complaint := run(t, program(t, s.name, nil, c.args...))
			require.Equal(t, c.status, status, c.args)
			require.Contains(t, out+complaint, c.says, c.args)
			require.Equal(t, c.status == 0, complaint == "", "%v: %s", c.args, complaint)
		}
	})
}

// The sandboxes knew no --version, took any word for nothing, and ended with a closing terminal.
func TestSandboxesAreProgramsLikeTheOthers(t *testing.T) {
	t.Parallel()
	for _, folder := range sandboxes {
		name := filepath.Base(folder)
		for arg, want := range map[string]int{"--version": 0, "--help": 0, "--nonsense": 2, "nonsense": 2} {
			status, out, complaint := run(t, program(t, name, nil, arg))
			require.Equal(t, want, status, "%s %s: %s", name, arg, complaint)
			if arg == "--version" {
				require.Contains(t, out, name+" ")
				require.Contains(t, out, " go1.")
			}
		}
		cmd := program(t, name, nil, "-addr", "127.0.0.1:0")
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		require.True(t, lines.Scan(), "it says where it listens")
		require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		for lines.Scan() {
			continue
		}
		require.NoError(t, cmd.Wait(), "SIGHUP ended %s", name)
	}
}

func TestWrongSettingsEndWithStatusTwo(t *testing.T) {
	each(t, func(t *testing.T, s service) {
		env := maps.Clone(s.sound)
		env["LOG_LEVEL"], env[s.ops], env[s.secret], env[s.secret+"_FILE"] = "loud", "nowhere",
			"", "/does/not/exist"
		status, out, complaint := run(t, program(t, s.name, env))
		require.Equal(t, 2, status)
		require.Empty(t, out)
		for _, name := range []string{
			s.name + ": wrong settings:", "LOG_LEVEL: ", s.ops + ": ", s.secret + "_FILE: ",
		} {
			require.Contains(t, complaint, name)
		}
	})
}

// A host without the files of the zone database could not start with all settings at their defaults.
func TestZonesAreBuiltIn(t *testing.T) {
	t.Parallel()
	for _, program := range programs {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", program).Output()
		require.NoError(t, err)
		require.Contains(t, "\n"+string(out), "\ntime/tzdata\n", program)
	}
}

// run answers how a program ended and what it wrote.
func run(t *testing.T, cmd *exec.Cmd) (status int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the status tells
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}
