package sandbox_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
)

func stopped(t *testing.T, server *sandbox.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Stop(ctx))
	require.NoError(t, server.Stop(ctx), "stopping twice is harmless")
}

func TestARestartKeepsEverything(t *testing.T) {
	t.Parallel()
	c := &clock{}
	cfg := sandbox.Config{Now: c.now, Seed: 5, StateFile: filepath.Join(t.TempDir(), "kingdee.json")}
	first := startServer(t, cfg)
	for _, step := range sample.Day()[:4] {
		_, err := first.Play(t.Context(), step)
		require.NoError(t, err)
	}
	_, err := first.Create(t.Context(), books.Bill{BillNo: "X", Extra: map[string]string{"F_OWN": "1"}})
	require.NoError(t, err)
	stopped(t, first)

	cfg.Seed = 99 // not used: there is a state
	b := talkTo(t, startServer(t, cfg), c)
	require.Empty(t, cmp.Diff(first.Bills(), b.server.Bills()))
	require.Empty(t, cmp.Diff(first.Truth(), b.server.Truth()))
	require.Empty(t, cmp.Diff(first.AuditedOrders(), b.server.AuditedOrders()))
	b.session = b.login()
	require.Equal(t, "1", b.rows("F_OWN", "FBillNo='X'", "")[0][0])
	_, err = b.server.Play(t.Context(), sample.Day()[4])
	require.NoError(t, err)
	next, err := b.server.Create(t.Context(), books.Bill{})
	require.NoError(t, err)
	require.Greater(t, next.ID, b.server.Truth().Bills[len(first.Bills())-1].BillID)
}

func TestAChangeReachesTheFileWithoutAStop(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kingdee.json")
	server := startServer(t, sandbox.Config{StateFile: file})
	_, err := server.Create(t.Context(), books.Bill{BillNo: "SAVED-AT-ONCE"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "SAVED-AT-ONCE")
	}, 10*time.Second, 10*time.Millisecond)
}

func TestAnUnreadableStateStopsTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kingdee.json")
	for _, text := range []string{"{", `{"version":99}`, `{"version":1,"acct_id":"somebody else's"}`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := sandbox.Start(t.Context(), sandbox.Config{StateFile: file})
		require.ErrorContains(t, err, "kingdee.json")
	}
}
