package ledger_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

// openLedger reaches a migrated database of the test's own, as the running role.
func openLedger(t *testing.T) *pgxpool.Pool {
	t.Helper()
	return openURL(t, storetest.URL(t))
}

// openOwned is openLedger as the ledger's owner, who migrates it.
func openOwned(t *testing.T) *pgxpool.Pool {
	t.Helper()
	return openURL(t, storetest.OwnerURL(t, storetest.URL(t)))
}

func openURL(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := ledger.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// text is the one text that a query answers.
func text(t *testing.T, pool *pgxpool.Pool, sql string) string {
	t.Helper()
	var answer string
	require.NoError(t, pool.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}
