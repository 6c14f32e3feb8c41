package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/behaviour"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/warehouse"
)

func stateFile(path string) func(*sandbox.Config) {
	return func(c *sandbox.Config) { c.StateFile = path }
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wms.jsonl")
	b := setup(t, stateFile(path))
	k, working := b.order("ZZCX1", warehouse.StateApproved), b.order("ZZCX2", warehouse.StateWorking)
	require.NoError(t, b.SetPersonality(behaviour.Personality{
		RepeatCancel: "success", Working: "intercept", InterceptEnds: "cancelled", InterceptMS: 60_000,
	}))
	b.cancel(k)
	b.cancel(key("NOWHERE"))
	b.cancel(working)
	before, err := b.Truths(warehouse.Filter{})
	require.NoError(t, err)
	require.NoError(t, b.Stop(t.Context()))

	again := setup(t, stateFile(path))
	after, err := again.Truths(warehouse.Filter{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(before, after))
	require.Equal(t, "success", again.cancel(k).Flag, "the personality is remembered")
	require.Equal(t, 1, again.truth(k).Effects)
	again.clock.pass(time.Minute)
	require.Equal(t, 1, again.truth(working).Effects, "the intercept ends after the restart")
	require.Equal(t, int64(2), again.Status().Effects)

	require.NoError(t, again.Reset())
	require.NoError(t, again.Stop(t.Context()))
	require.Zero(t, setup(t, stateFile(path)).Status().Orders)
}

// A killed process leaves its file as it is at that moment; a copy taken before the answer is read is such a file.
func TestWhatWasAnsweredIsInTheFileAlready(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "wms.jsonl")
	b := setup(t, stateFile(path))
	k := b.order("ZZCX1", warehouse.StateApproved)
	require.NoError(t, b.AddFaults(behaviour.Fault{Kind: behaviour.FaultCommitThenDrop}))
	_, err := b.send(cancelBody(k))
	require.Error(t, err)

	killed := filepath.Join(dir, "killed.jsonl")
	require.NoError(t, os.WriteFile(killed, []byte(readFile(t, path)+`{"truth":{"order_co`), 0o600))
	again := setup(t, stateFile(killed))
	require.Equal(t, 1, again.truth(k).Effects)
	require.Equal(t, warehouse.StateCancelled, again.truth(k).Order.State)
	require.Equal(t, "failure", again.cancel(k).Flag)
	require.NoError(t, again.Stop(t.Context()))
	require.Equal(t, 2, setup(t, stateFile(killed)).truth(k).Requests, "a torn line does not swallow the next one")
}

func TestAFileThatCannotBeReadStopsTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wms.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("{}\nnonsense\n"), 0o600))
	cfg := config(&clock{at: vectorTime})
	cfg.StateFile = path
	_, err := sandbox.Start(t.Context(), cfg)
	require.ErrorContains(t, err, "line 2")
	cfg.StateFile = filepath.Join(t.TempDir(), "missing", "wms.jsonl")
	_, err = sandbox.Start(t.Context(), cfg)
	require.Error(t, err)
}

func TestTheFileShrinksToWhatLives(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wms.jsonl")
	b := setup(t, stateFile(path))
	k := b.order("ZZCX1", warehouse.StateApproved)
	for range 300 {
		b.cancel(k)
	}
	require.Equal(t, 300, b.truth(k).Requests)
	require.Len(t, b.truth(k).Arrivals, 100)
	require.NoError(t, b.Stop(t.Context()))
	big, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, setup(t, stateFile(path)).Stop(t.Context()))
	small, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, small.Size()*10, big.Size(), fmt.Sprint(small.Size(), big.Size()))
}
