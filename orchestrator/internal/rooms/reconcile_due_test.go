package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// A process was killed in the middle of a reconcile run, which therefore took an hour by the clock: the next one began
// four hours later.
func TestAReconcileThatWasHeldUpDelaysTheNextByAnIntervalAtMost(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	due := ledger.ReconcileStart{Scheme: "assembly", Kind: ledger.Recheck, Revision: 1, Interval: time.Minute}
	for _, c := range []struct {
		started, ended string
		begins         bool
	}{
		{"2 minutes", "110 seconds", true},
		{"40 seconds", "35 seconds", false},
		{"90 minutes", "30 seconds", false},
		{"90 minutes", "2 minutes", true},
	} {
		_, err := pool.Exec(t.Context(), `delete from run`)
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `
insert into run (scheme, kind, revision, state, start_time, end_time)
values ('assembly', 'recheck', 1, 'complete', now() - $1::interval, now() - $2::interval)`, c.started, c.ended)
		require.NoError(t, err)
		next, err := s.Reconcile(t.Context(), due)
		require.NoError(t, err)
		require.Equal(t, c.begins, next != nil, "begun %s ago, ended %s ago", c.started, c.ended)
	}
}
