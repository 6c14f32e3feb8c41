package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary be the command, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("WMS_SANDBOX_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start runs the command and returns it with the address of its control API.
func start(t *testing.T, args ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "WMS_SANDBOX_TEST_MAIN=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if address, found := strings.CutPrefix(lines.Text(), "# control: "); found {
			return cmd, strings.TrimSuffix(address, "/status")
		}
	}
	t.Fatal("the command ended before it said where it listens")
	return nil, ""
}

func call(t *testing.T, method, address, body string) string {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := client.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, string(text))
	return string(text)
}

func TestAKilledSandboxKnowsAllItHasAnswered(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "wms.jsonl")
	const order = `{"warehouse_code":"CK001","order_code":"KILLED","order_type":"QTRK"`
	cmd, control := start(t, "-state", state, "-personality", `{"repeat_cancel":"success"}`)
	require.Contains(t, call(t, http.MethodGet, control+"/personality", ""), `"repeat_cancel":"success"`)
	call(t, http.MethodPost, control+"/orders", order+`}`)
	call(t, http.MethodPost, control+"/orders/state", order+`,"state":"working","note":"拣货"}`)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	cmd, control = start(t, "-state", state)
	require.Contains(t, call(t, http.MethodGet, control+"/orders?order_code=KILLED", ""), "拣货")
	require.Contains(t, call(t, http.MethodGet, control+"/status", ""), `"orders":81`)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait(), "an interrupt is an ordinary end")
}
