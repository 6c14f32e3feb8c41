package process

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// An administrator runs what `voidrelay migrate --print-grants` prints in a database in which nobody may do anything,
// the owner migrates, and the orchestrator logs in as the running role: a voided bill's order is cancelled, and a
// person's act is written down.
func TestAnOrchestratorRunsOnWhatPrintGrantsPrints(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	w := setup(t)
	empty := storetest.EmptyURL(t)
	admin, err := ledger.Open(ctx, empty)
	require.NoError(t, err)
	t.Cleanup(admin.Close)
	var database, oid string
	require.NoError(t, admin.QueryRow(ctx, `
select datname, oid::text from pg_database where datname = current_database()`).Scan(&database, &oid))
	roles := migrate.Roles{Owner: "own_" + oid, Running: "run_" + oid, Reader: "read_" + oid}
	_, err = admin.Exec(ctx, `revoke all on database `+pgx.Identifier{database}.Sanitize()+` from public`)
	require.NoError(t, err)
	_, err = admin.Exec(ctx, roles.SQL())
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, role := range []string{roles.Owner, roles.Running, roles.Reader} {
			_, err := admin.Exec(context.WithoutCancel(ctx), `drop owned by `+role+` cascade; drop role `+role)
			require.NoError(t, err)
		}
	})
	login := func(role string) string {
		_, err := admin.Exec(ctx, `alter role `+role+` login password 'test'`)
		require.NoError(t, err)
		as, err := url.Parse(empty)
		require.NoError(t, err)
		as.User = url.UserPassword(role, "test")
		return as.String()
	}
	done, err := migrate.UpFor(ctx, login(roles.Owner), roles)
	require.NoError(t, err)
	require.Empty(t, done.Notes, "nothing is left to grant")

	w.database = login(roles.Running)
	p, client := w.orchestrate(nil)
	require.NoError(t, client.Baseline(ctx))
	const number = "ZZCX000151"
	_, err = w.vendors.Kingdee.UnauditAndVoid(ctx, number)
	require.NoError(t, err)
	require.NoError(t, client.Settled(ctx))
	bill := w.theBill(client, number)
	require.Equal(t, orchestratorv1.Verdict_VERDICT_CANCELLED, bill.GetVerdict(), bill.GetReason())
	_, err = client.Schemes.PauseScheme(ctx, &orchestratorv1.PauseSchemeRequest{Scheme: assembly, Reason: "盘点"})
	require.NoError(t, err)
	var kept bool
	require.NoError(t, admin.QueryRow(ctx, `
select exists (select from voidrelay.operator_action where verb = 'pause' and reason = '盘点')
   and not exists (select from voidrelay.river_job where state = 'discarded' or errors is not null)`).Scan(&kept))
	require.True(t, kept)
	terminate(t, p)
}
