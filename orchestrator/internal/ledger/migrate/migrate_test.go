package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestCheckSchemaSaysWhatToRun(t *testing.T) {
	pool, err := ledger.Open(t.Context(), storetest.EmptyURL(t))
	require.NoError(t, err)
	defer pool.Close()

	require.ErrorContains(t, migrate.Check(t.Context(), pool), "run `voidrelay migrate` first")

	var left bool
	require.NoError(t, pool.QueryRow(t.Context(), `select to_regnamespace('voidrelay') is not null`).Scan(&left))
	require.False(t, left, "a check leaves nothing behind")

	_, err = migrate.Up(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	require.NoError(t, migrate.Check(t.Context(), pool))
}
