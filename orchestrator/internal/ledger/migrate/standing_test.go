package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger/migrate"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

func TestStandingTellsOlderNewerAndMissingLedgers(t *testing.T) {
	empty := openURL(t, storetest.EmptyURL(t))
	none, err := migrate.StandingOf(t.Context(), empty)
	require.NoError(t, err)
	require.Zero(t, none.There)
	require.Positive(t, none.Known)

	owner := openURL(t, storetest.OwnerURL(t, storetest.URL(t)))
	now, err := migrate.StandingOf(t.Context(), owner)
	require.NoError(t, err)
	require.Equal(t, migrate.Standing{There: now.Known, Known: now.Known}, now)
	_, err = owner.Exec(t.Context(), `update voidrelay.class_reason set reason_en = 'another program''s'`)
	require.NoError(t, err)
	now, err = migrate.StandingOf(t.Context(), owner)
	require.NoError(t, err)
	require.True(t, now.WordsDiffer)
	_, err = owner.Exec(t.Context(),
		`insert into voidrelay.schema_version (version_id, is_applied) values (9999, true)`)
	require.NoError(t, err)
	now, err = migrate.StandingOf(t.Context(), owner)
	require.NoError(t, err)
	require.Equal(t, int64(9999), now.There)
}

func TestRightsNamesWhatARoleLacksAndWhatItShouldNotHave(t *testing.T) {
	url := storetest.URL(t)
	pool, err := ledger.Open(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	running, err := migrate.RightsOf(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, migrate.RunningRole, running.Role)
	require.False(t, running.Owns)
	require.Empty(t, running.Missing)
	require.Empty(t, running.Excess)

	owner := openURL(t, storetest.OwnerURL(t, url))
	_, err = owner.Exec(t.Context(), `
revoke insert on voidrelay.bill from voidrelay_app;
revoke execute on function voidrelay.rebuild_queue_indexes() from voidrelay_app;
grant delete on voidrelay.attempt to voidrelay_app;
grant create on schema reporting to voidrelay_app`)
	require.NoError(t, err)
	running, err = migrate.RightsOf(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, []string{"execute on voidrelay.rebuild_queue_indexes()", "insert on voidrelay.bill"},
		running.Missing)
	require.Equal(t, []string{"create on schema reporting", "delete on voidrelay.attempt"}, running.Excess)

	rights, err := migrate.RightsOf(t.Context(), owner)
	require.NoError(t, err)
	require.True(t, rights.Owns)
}
