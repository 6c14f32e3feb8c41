package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// A frozen process (SIGSTOP, a suspended machine) keeps its connection and with it the lock: nobody could go on
// with its run.
func TestALockIsLostByAHolderWhoSaysNothing(t *testing.T) {
	pool := openLedger(t)
	late, ok, err := ledger.TryLock(t.Context(), pool, "run", 50*time.Millisecond, 0)
	require.NoError(t, err)
	require.True(t, ok)
	var unlock func()
	require.Eventually(t, func() bool {
		unlock, ok, err = ledger.TryLock(t.Context(), pool, "run", time.Minute, 0)
		return err == nil && ok
	}, 20*time.Second, 20*time.Millisecond)

	// It wakes: giving back what it has lost takes nothing from the one who holds it now.
	late()
	_, second, err := ledger.TryLock(t.Context(), pool, "run", time.Minute, 0)
	require.NoError(t, err)
	require.False(t, second)
	unlock()
}

// A holder that waits for a slow vendor is alive: its lock used to be taken after 40 s, and the same pages were read by
// two, then three.
func TestALockIsKeptByAHolderWhoWaits(t *testing.T) {
	pool := openLedger(t)
	unlock, ok, err := ledger.TryLock(t.Context(), pool, "run", time.Second, 100*time.Millisecond)
	require.NoError(t, err)
	require.True(t, ok)
	require.Never(t, func() bool {
		_, second, err := ledger.TryLock(t.Context(), pool, "run", time.Minute, 0)
		return err != nil || second
	}, 3*time.Second, 50*time.Millisecond)
	unlock()
	unlock, ok, err = ledger.TryLock(t.Context(), pool, "run", time.Minute, 0)
	require.NoError(t, err)
	require.True(t, ok, "and given back as any other")
	unlock()
}

// The connection of a lock goes back to the pool; nothing that it serves later may be cut off for being idle.
func TestALockLeavesNothingBehindOnItsConnection(t *testing.T) {
	pool := openLedger(t)
	unlock, ok, err := ledger.TryLock(t.Context(), pool, "run", time.Minute, 0)
	require.NoError(t, err)
	require.True(t, ok)
	unlock()
	for range 3 {
		require.Equal(t, "0", text(t, pool, `select current_setting('idle_session_timeout')`))
	}
}

// A process that is frozen inside a transaction holds row locks that nobody else gets past.
func TestATransactionThatSaysNothingIsEnded(t *testing.T) {
	pool := openLedger(t)
	require.Equal(t, "15s", text(t, pool, `select current_setting('idle_in_transaction_session_timeout')`))
}
