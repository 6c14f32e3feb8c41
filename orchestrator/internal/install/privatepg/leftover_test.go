package privatepg

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServerLeftByAnEarlierRunIsStoppedAndItsDataKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "pg")
	first := start(t, Options{Dir: dir})
	exec1(t, first.URL(), `create table kept as select 7 as n`)
	require.NoError(t, first.Stop(t.Context()))

	// A server that nobody holds, as a killed run leaves it where the kernel cannot tie the two together.
	port, err := freePort()
	require.NoError(t, err)
	orphan := first.acct.command(t.Context(), dir, first.bin.program("postgres"), first.arguments(port)...)
	require.NoError(t, orphan.Start())
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	eventually(t, "the orphan is ready", func() bool {
		file, err := readPidFile(first.data)
		return err == nil && file.pid == orphan.Process.Pid && file.state == "ready"
	})

	second := start(t, Options{Dir: dir})
	require.NoError(t, <-ended, "the orphan ended politely")
	require.Equal(t, 7, query1[int](t, second.URL(), `select n from kept`))
}

func TestPidFileThatPointsAtAnotherProgramIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "pg")
	first := start(t, Options{Dir: dir})
	require.NoError(t, first.Stop(t.Context()))

	// The id has been given to a program of the same account, which PostgreSQL takes for its predecessor.
	other := first.acct.command(t.Context(), "/", "/bin/sh", "-c", "read line")
	stdin, err := other.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n\n127.0.0.1\n  1 1\nready   \n", other.Process.Pid, first.data)
	require.NoError(t, first.writePrivate("data/postmaster.pid", stale))

	start(t, Options{Dir: dir})
	require.True(t, alive(other.Process.Pid), "it was not ours to stop")
	require.NoError(t, stdin.Close())
	_ = other.Wait() // read answers 1 at the end of its input
}

func TestSweepTakesOnlyWhatADeadOwnerLeft(t *testing.T) {
	t.Parallel()
	base := openFolder(t)
	acct, err := serverAccount()
	require.NoError(t, err)
	dead := deadPID(t)
	hourAgo := time.Now().Add(-time.Hour)
	folder := func(name string) string {
		dir := filepath.Join(base, name)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
		require.NoError(t, os.Chtimes(dir, hourAgo, hourAgo))
		return dir
	}
	left := folder(throwAwayPrefix + dead + "-1")
	locked := folder(throwAwayPrefix + dead + "-2")
	lock, err := takeLock(filepath.Join(locked, "lock"), locked)
	require.NoError(t, err)
	defer lock.Close()
	require.NoError(t, os.Chtimes(locked, hourAgo, hourAgo))
	young := folder(throwAwayPrefix + dead + "-3")
	require.NoError(t, os.Chtimes(young, time.Now(), time.Now().Add(time.Hour)))
	ours := folder(throwAwayPrefix + strconv.Itoa(os.Getpid()) + "-4")
	foreign := folder("voidrelay-pg-notes")

	clearLeftovers(t.Context(), quiet(), base, acct)
	require.NoDirExists(t, left)
	for _, dir := range []string{locked, young, ours, foreign} {
		require.DirExists(t, dir)
	}
}

// deadPID is the id of a process that has ended.
func deadPID(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", ":")
	require.NoError(t, cmd.Run())
	return strconv.Itoa(cmd.Process.Pid)
}

func TestUnreadablePidFileIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openFolder(t), "pg")
	first := start(t, Options{Dir: dir})
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.writePrivate("data/postmaster.pid", "")) // the machine lost power while it was written
	start(t, Options{Dir: dir})
}
