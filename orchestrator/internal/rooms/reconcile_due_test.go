package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
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

// There is a recheck every ten minutes. One that nobody asked for, and that found nothing, is not told, and its row
// goes when the next begins; every other one is told and stays.
func TestAQuietRecheckLeavesNoEventAndNoRow(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	end := func(kind ledger.RunKind, asked bool, found int64) {
		start := ledger.ReconcileStart{Scheme: "assembly", Kind: kind, Revision: 1, Asked: asked}
		if kind == ledger.Reconcile {
			start.From, start.To = rowtest.Now.Add(-time.Hour), rowtest.Now
		}
		run, err := s.Reconcile(t.Context(), start)
		require.NoError(t, err)
		require.NotNil(t, run)
		run.Comparison.Repaired = found
		require.NoError(t, s.EndReconcile(t.Context(), run, []rule.Trigger{rule.TriggerVoided}, rowtest.Now))
	}
	left := func() string {
		return rows.Text(`
select (select coalesce(string_agg(run_id::text, ' ' order by run_id), '') from run) || ' told ' ||
       (select coalesce(string_agg(about_id::text, ' ' order by event_id), '')
        from event_inbox where kind = 'run_ended')`)
	}
	end(ledger.Recheck, false, 0)
	require.Equal(t, "1 told ", left(), "by it the next is due")
	end(ledger.Recheck, false, 0)
	require.Equal(t, "2 told ", left())
	end(ledger.Recheck, false, 3)
	require.Equal(t, "3 told 3", left())
	end(ledger.Recheck, true, 0)
	end(ledger.Reconcile, false, 0)
	end(ledger.Recheck, false, 0)
	require.Equal(t, "3 4 5 6 told 3 4 5", left())
}
