package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// A client that is gone without a word holds its locks until the server looks after it.
func TestTheServerLooksAfterItsClients(t *testing.T) {
	_, pool := openStore(t)
	var idle, interval, count string
	require.NoError(t, pool.QueryRow(t.Context(), `
select reset_val, (select reset_val from pg_settings where name = 'tcp_keepalives_interval'),
       (select reset_val from pg_settings where name = 'tcp_keepalives_count')
from pg_settings where name = 'tcp_keepalives_idle'`).Scan(&idle, &interval, &count))
	require.Equal(t, []string{"10", "5", "3"}, []string{idle, interval, count})
}

// A disk guard or a switchover makes a database read-only: it answers, and takes nothing.
func TestAReadOnlyDatabaseIsNotUsable(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	pool, err := ledger.Open(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, ledger.Usable(t.Context(), pool))
	rowtest.New(t, pool).Exec(`
do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`)

	fresh, err := ledger.Open(t.Context(), url)
	require.NoError(t, err)
	defer fresh.Close()
	require.ErrorIs(t, ledger.Usable(t.Context(), fresh), ledger.ErrReadOnly)
	require.ErrorIs(t, acttest.New(fresh).Pause(t.Context(), ledger.Act{Scheme: "any", Reason: "x", Actor: "a"}),
		ledger.ErrUnavailable,
		"an act meets a database that is away, no fault inside")
}
