package rooms_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rooms"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestMain(m *testing.M) {
	os.Exit(storetest.Main(m, func(ctx context.Context, url string) error {
		_, err := migrate.Up(ctx, url)
		return err
	}))
}

// openStore is a store on a database of the test's own.
func openStore(t *testing.T) (*rooms.All, *pgxpool.Pool) {
	t.Helper()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return rooms.New(pool), pool
}
