package privatepg

import (
	"os"
	"path/filepath"
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
