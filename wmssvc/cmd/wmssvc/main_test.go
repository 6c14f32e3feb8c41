package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// The tests run this very binary as the program.
const asProgram = "WMSSVC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(ctx context.Context, settings ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append([]string{asProgram + "=1"}, settings...)
	return cmd
}

func TestWrongSettingsEndWithStatusTwoAndAllTheirNames(t *testing.T) {
	cmd := program(t.Context(), "WMS_URL=nonsense", "WMSSVC_ADDR=:1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	require.Equal(t, 2, exit.ExitCode())
	for _, name := range []string{"WMS_URL", "WMS_SID", "WMS_APP_KEY", "WMS_APP_SECRET", "WMSSVC_ADDR"} {
		require.Contains(t, stderr.String(), name)
	}
}

func TestServesUntilTheSignal(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := program(ctx, "WMS_URL=http://127.0.0.1:1", "WMS_SID=s", "WMS_APP_KEY=k", "WMS_APP_SECRET=hunter2", "WMSSVC_ADDR=127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	require.True(t, lines.Scan())
	var line struct{ Msg, Addr string }
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	require.Equal(t, "wmssvc serves", line.Msg)

	conn, err := grpc.NewClient(line.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	_, err = healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	require.NoError(t, err)

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	for lines.Scan() {
		require.NotContains(t, lines.Text(), "hunter2")
	}
	require.NoError(t, cmd.Wait())
}
