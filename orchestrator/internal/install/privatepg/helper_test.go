package privatepg

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const helperEnv = "VOIDRELAY_PRIVATEPG_HELPER_DIR"

// TestMain lets the test binary also be the process that owns a server and gets killed.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(helperEnv); ok {
		if err := ownServer(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// owned is what the helper process says about its server.
type owned struct {
	PID      int
	Dir, URL string
}

// ownServer starts a server (dir empty: throw-away), describes it on a line, and holds it until its input ends.
func ownServer(dir string) error {
	ctx := context.Background()
	server, err := Start(ctx, Options{Dir: dir, Logger: quiet()})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(owned{server.PID(), server.Dir(), server.URL()}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return server.Stop(ctx)
}

// helper runs ownServer in another process and waits until its server is up.
func helper(t *testing.T, dir string) (*exec.Cmd, owned) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	require.NoError(t, err)
	var server owned
	require.NoError(t, json.Unmarshal(line, &server))
	return cmd, server
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// openFolder is a temporary folder that the server's account can pass through, which t.TempDir's parents need not
// allow.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "privatepg-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // G302: on purpose
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	dir, err = filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	return dir
}

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	opts.Logger = quiet()
	server, err := Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	return server
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func query1[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.NoError(t, until(t.Context(), 30*time.Second, holds), what)
}
