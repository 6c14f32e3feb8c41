package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/internal/access"
	"github.com/voidrelay/voidrelay/internal/access/accesstest"
	"github.com/voidrelay/voidrelay/internal/access/authority"
)

// An orchestrator on another host is reached by flags alone, or by the environment alone.
func TestAnOrchestratorElsewhereIsReachedByFlagsOrByTheEnvironment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	require.NoError(t, authority.Init(dir, nil))
	certificate, key := authority.Paths(dir, "orchestrator")
	trusted, _ := authority.Paths(dir, authority.Name)
	const token = "0123456789abcdefw"
	guard, err := access.Files{
		Callers: accesstest.File(t, accesstest.Caller{Name: "wang", Role: "operator", Token: token}),
		Cert:    certificate, Key: key, ClientCA: trusted,
	}.Open()
	require.NoError(t, err)
	m := sitDownBehind(t, guard)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))

	flags := []string{"--server", m.target, "--token-file", file, "--ca-file", trusted, "--cert-file", certificate,
		"--key-file", key}
	nothing := map[string]string{"ORCHESTRATOR_TARGET": ""}
	status, out, errOut := m.asks(nothing, "", append([]string{"schemes"}, flags...)...)
	require.Zero(t, status, errOut)
	require.Contains(t, out, "assembly")
	status, out, errOut = m.asks(map[string]string{
		"VOIDRELAY_TOKEN": token, "VOIDRELAY_CA_FILE": trusted, "VOIDRELAY_CERT_FILE": certificate,
		"VOIDRELAY_KEY_FILE": key,
	}, "", "schemes")
	require.Zero(t, status, errOut)
	require.Contains(t, out, "assembly")
	// The flag counts where both are given.
	status, _, errOut = m.asks(map[string]string{"VOIDRELAY_TOKEN": "wrong"}, "",
		append([]string{"pause", "assembly", "--reason", "x"}, flags...)...)
	require.Zero(t, status, errOut)
	require.Equal(t, "wang", m.rows.Text(`select actor from voidrelay.operator_action`))
	status, _, errOut = m.asks(nothing, "", "schemes", "--server", m.target, "--ca-file", "/does/not/exist")
	require.Equal(t, statusWrong, status)
	require.Contains(t, errOut, "VOIDRELAY_CA_FILE")
}

// safeBuffer is written and read at the same time.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// What takes longer than two seconds says so, on the error output.
func TestWhoeverWaitsIsToldForWhat(t *testing.T) {
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	var out, errOut safeBuffer
	sh := &shell{getenv: func(string) string { return "" }, out: &out, err: &errOut}
	var running sync.WaitGroup
	running.Go(func() { execute(ctx, sh, []string{"schemes", "--server", silent.Addr().String(), "--json"}) })
	require.Eventually(t, func() bool {
		return strings.Contains(errOut.String(), "等待 waiting for "+silent.Addr().String())
	}, time.Minute, 50*time.Millisecond)
	cancel()
	running.Wait()
	require.Empty(t, out.String())
}
