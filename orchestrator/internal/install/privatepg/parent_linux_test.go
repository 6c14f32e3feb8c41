package privatepg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingRunsOnAfterTheOwnerIsKilled(t *testing.T) {
	t.Parallel()
	cmd, left := helper(t, "")
	require.True(t, runsIn(left.PID, filepath.Join(left.Dir, "data")))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	eventually(t, "the server ends with its owner", func() bool { return !alive(left.PID) })

	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(left.Dir, old, old))
	start(t, Options{})
	require.NoDirExists(t, left.Dir, "the next start cleans up")
}

func TestDurableFolderOpensAgainAfterTheOwnerIsKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "pg")
	cmd, left := helper(t, dir)
	exec1(t, left.URL, `create table kept as select 7 as n`)

	_, err := Start(t.Context(), Options{Dir: dir, Logger: quiet()})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse, "another process is refused while the owner lives")

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	server := start(t, Options{Dir: dir}) // at once: the old server may still be shutting down
	require.NotEqual(t, left.PID, server.PID())
	require.Equal(t, 7, query1[int](t, server.URL(), `select n from kept`))
}

func TestCtrlCDoesNotReachTheServer(t *testing.T) {
	t.Parallel()
	group, err := syscall.Getpgid(start(t, Options{}).PID())
	require.NoError(t, err)
	require.NotEqual(t, syscall.Getpgrp(), group)
}

// Two servers writing to one folder would destroy it: this stands for a pid file that was cleaned away too eagerly.
func TestNoServerStartsWhileAProcessOfAKilledOneLives(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	children := childrenOf(server.PID())
	require.NotEmpty(t, children)
	child := children[0]
	require.NoError(t, syscall.Kill(child, syscall.SIGSTOP), "it does not notice that its server is gone")
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	<-server.Done()

	for _, leftBy := range []int{server.PID(), os.Getppid()} {
		// the id of a dead process, and one given to another program since
		file := filepath.Join(server.data, "postmaster.pid")
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(raw), "\n")
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "%d\n%s", leftBy, rest), 0o600))
		require.NoError(t, stopLeft(t.Context(), server.data))
		_, err = server.run(t.Context(), server.port)
		require.ErrorIs(t, err, errStillHeld)
	}
	require.NoError(t, syscall.Kill(child, syscall.SIGKILL))
	require.NoError(t, server.Restart(t.Context()))
	require.Equal(t, 1, query1[int](t, server.URL(), `select 1`))
}
