package process

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// A password of the database that was changed, in Postgres and in the file, ended every new connection until somebody
// started the orchestrators anew.
func TestADatabasePasswordIsChangedUnderARunningOrchestrator(t *testing.T) {
	t.Parallel()
	w := setup(t)
	admin, err := ledger.Open(t.Context(), storetest.OwnerURL(t, w.database))
	require.NoError(t, err)
	t.Cleanup(admin.Close)
	var role string
	require.NoError(t, admin.QueryRow(t.Context(), `
select 'rotated_' || oid from pg_database where datname = current_database()`).Scan(&role))
	do := func(statement string) {
		t.Helper()
		_, err := admin.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	do(`create role ` + role + ` login password 'one' in role ` + storetest.RunningRole)
	path := filepath.Join(t.TempDir(), "url")
	put := func(password, database string) {
		as, err := url.Parse(w.database)
		require.NoError(t, err)
		as.User = url.UserPassword(role, password)
		if database != "" {
			as.Path = database
		}
		require.NoError(t, os.WriteFile(path+".new", []byte(as.String()+"\n"), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	put("one", "")
	p, client := w.orchestrate(map[string]string{
		"DATABASE_URL": "", "DATABASE_URL_FILE": path, "ORCHESTRATOR_HOST_NAME": "here",
	})
	require.NoError(t, client.Baseline(t.Context()))
	l := w.ledger()
	broken := func() bool {
		return l.is(`exists (select from condition where kind = 'file_broken' and reason = 'DATABASE_URL_FILE'
			and host = 'here' and end_time is null)`)
	}
	// Whoever ends its connections makes it log in again.
	works := func() bool {
		do(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '` + role + `'`)
		_, err := client.Schemes.PauseScheme(t.Context(), &orchestratorv1.PauseSchemeRequest{
			Scheme: assembly, Reason: "盘点",
		})
		return err == nil
	}

	put("two", "")
	await(t, time.Minute, "a password that is not yet the role's is told of", broken)
	require.Eventually(t, works, time.Minute, 100*time.Millisecond, "and the former one is in force")
	put("one", "another")
	await(t, time.Minute, "another database wants a restart", func() bool {
		return l.is(`exists (select from condition where kind = 'file_broken' and reason = 'DATABASE_URL_FILE'
			and end_time is null and detail like '%next start%')`)
	})
	require.NotContains(t, get(t, "http://"+p.Addrs[1]+"/v1/conditions"), "one@")
	put("two", "")
	do(`alter role ` + role + ` password 'two'`)
	await(t, time.Minute, "it is the role's now", func() bool { return !broken() })
	require.Eventually(t, works, time.Minute, 100*time.Millisecond, "by the new one, without a restart")

	terminate(t, p)
	do(`drop role ` + role)
}
