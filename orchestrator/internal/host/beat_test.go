package host_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/host"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/storetest"
)

// open lists the hosts that have an open condition, and how those that have ended did.
func open(t *testing.T, pool *pgxpool.Pool) (open, ended []string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
select case when end_time is null then host end, case when end_time is not null then host || ': ' || end_reason end
from condition
order by condition_id`)
	require.NoError(t, err)
	var last, over *string
	_, err = pgx.ForEachRow(rows, []any{&last, &over}, func() error {
		if last != nil {
			open = append(open, *last)
		} else {
			ended = append(ended, *over)
		}
		return nil
	})
	require.NoError(t, err)
	return open, ended
}

func TestAHostThatIsGoneLosesItsConditions(t *testing.T) {
	t.Parallel()
	pool, err := ledger.Open(t.Context(), storetest.URL(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	now := time.Now()
	give := func(name string) *host.Beat {
		beat := host.NewBeat(pool, name, "v1", slog.New(slog.DiscardHandler))
		require.NoError(t, beat.Give(t.Context(), now))
		return beat
	}
	here := give("here:7403")
	give("alive:7403")
	give("gone:7403")
	conditions := ledger.NewConditions(pool)
	for _, name := range []string{"", "here:7403", "alive:7403", "gone:7403"} {
		kind := rule.ConditionAccountMissing
		if name == "" {
			kind = rule.ConditionStopAll
		}
		_, err := conditions.OpenCondition(t.Context(), ledger.Condition{Kind: kind, Host: name})
		require.NoError(t, err)
	}
	rowtest.New(t, pool).Exec(`
update voidrelay.host set beat_time = now() - case host when 'gone:7403' then interval '121 seconds'
                                              else interval '90 seconds' end`)

	require.NoError(t, here.Give(t.Context(), now.Add(10*time.Second)))
	all, _ := open(t, pool)
	require.Len(t, all, 4, "after an outage of the ledger the others get a moment for their own sign of life")
	for after := 20 * time.Second; after <= 30*time.Second; after += 10 * time.Second {
		require.NoError(t, here.Give(t.Context(), now.Add(after)))
	}
	left, ended := open(t, pool)
	require.Equal(t, []string{"", "here:7403", "alive:7403"}, left)
	require.Equal(t, []string{"gone:7403: its host is gone"}, ended)
}

func TestAHostsName(t *testing.T) {
	t.Parallel()
	name, err := host.Name("wms-02", "127.0.0.1:7403")
	require.NoError(t, err)
	require.Equal(t, "wms-02", name, "as the settings say")
	name, err = host.Name("", "127.0.0.1:7403")
	require.NoError(t, err)
	again, err := host.Name("", "127.0.0.1:7403")
	require.NoError(t, err)
	require.Equal(t, name, again, "the same after a restart")
	other, err := host.Name("", "127.0.0.1:7404")
	require.NoError(t, err)
	require.NotEqual(t, name, other, "two on one machine have two names")
}
