package install_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestSchemaVersion(t *testing.T) {
	empty := storetest.EmptyURL(t)
	before, err := install.SchemaVersion(t.Context(), empty)
	require.NoError(t, err)
	require.Zero(t, before)
	_, err = migrate.Up(t.Context(), empty)
	require.NoError(t, err)
	after, err := install.SchemaVersion(t.Context(), empty)
	require.NoError(t, err)
	require.Positive(t, after)
}

// Where nobody names a database, or names it as a role that owns nothing, nothing but the migration runs as the owner.
func TestTheDatabaseIsUsedByTheRunningRole(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	private, err := install.OpenDatabase(t.Context(), "", "", logger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, private.Stop(context.WithoutCancel(t.Context()))) })
	named, err := install.OpenDatabase(t.Context(), private.URL(), "", logger)
	require.NoError(t, err)
	for _, database := range []*install.Database{private, named} {
		pool, err := ledger.Open(t.Context(), database.URL())
		require.NoError(t, err)
		defer pool.Close()
		var role string
		require.NoError(t, pool.QueryRow(t.Context(), `select current_user`).Scan(&role))
		require.Equal(t, migrate.RunningRole, role)
		require.NoError(t, migrate.Check(t.Context(), pool))
	}

	owner, err := ledger.Open(t.Context(), private.Private().URL())
	require.NoError(t, err)
	defer owner.Close()
	_, err = owner.Exec(t.Context(),
		`delete from schema_version where version_id = (select max(version_id) from schema_version)`)
	require.NoError(t, err)
	_, err = install.OpenDatabase(t.Context(), private.URL(), "", logger)
	require.ErrorContains(t, err, "run `voidrelay migrate` first")
}

func TestWhatIsInHandAndHowSchemesStand(t *testing.T) {
	b := setup(t, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	modes := make(map[string]string)
	require.NoError(t, b.database.Baselines(ctx, func(v ledger.SchemeView) { modes[v.Scheme] = v.Mode }))
	require.Equal(t, map[string]string{"assembly-void": "send", "return-void": "send"}, modes)

	b.audited("A1")
	b.void("A1")
	require.NoError(t, b.client.Settled(ctx))
	n, _, err := b.database.Leased(ctx)
	require.NoError(t, err)
	require.Zero(t, n, "all is answered")

	pool, err := ledger.Open(ctx, b.database.URL())
	require.NoError(t, err)
	defer pool.Close()
	rowtest.New(t, pool).Exec(`
update voidrelay.cancellation_now set state = 'open', lease_until = now() + interval '1 hour'`)
	n, until, err := b.database.Leased(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.WithinDuration(t, time.Now().Add(time.Hour), until, 10*time.Minute)
}
