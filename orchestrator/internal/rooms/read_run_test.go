package rooms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestRunsOfEveryKindAreListedNewestFirst(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	first := rows.Reconcile(rowtest.Reconcile{})
	recheck := rows.Reconcile(rowtest.Reconcile{Kind: "recheck"})
	incremental := rows.Run(rowtest.Run{})
	others := rows.Reconcile(rowtest.Reconcile{Scheme: "other"})
	last := rows.Reconcile(rowtest.Reconcile{State: "running"})
	for name, c := range map[string]struct {
		filter ledger.RunFilter
		before int64
		limit  int
		want   []int64
	}{
		"all":                {limit: 9, want: []int64{last, others, incremental, recheck, first}},
		"a page":             {limit: 2, want: []int64{last, others}},
		"the page behind it": {before: others, limit: 2, want: []int64{incremental, recheck}},
		"of a scheme": {
			filter: ledger.RunFilter{Scheme: "assembly"}, limit: 9, want: []int64{last, incremental, recheck, first},
		},
		"of a kind": {
			filter: ledger.RunFilter{Kinds: []ledger.RunKind{ledger.Recheck}}, limit: 9, want: []int64{recheck},
		},
		"of both, and a page": {
			filter: ledger.RunFilter{Scheme: "assembly", Kinds: []ledger.RunKind{ledger.Reconcile}},
			before: last, limit: 9, want: []int64{first},
		},
		"of some kinds": {
			filter: ledger.RunFilter{Kinds: []ledger.RunKind{ledger.Recheck, ledger.Incremental}},
			limit:  9, want: []int64{incremental, recheck},
		},
		"in a state": {
			filter: ledger.RunFilter{States: []ledger.RunState{ledger.RunRunning}}, limit: 9, want: []int64{last},
		},
		"behind the last page": {before: first, limit: 9, want: []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.Runs(t.Context(), c.filter, c.before, c.limit)
			require.NoError(t, err)
			ids := []int64{}
			for _, v := range found {
				ids = append(ids, v.ID)
			}
			require.Equal(t, c.want, ids)
		})
	}
}

func TestAReconcileSaysWhatItFound(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	id := rows.Reconcile(rowtest.Reconcile{
		Differing: 2, Repaired: 3, Missing: 1, Gone: 1, RunCounts: `{"bills": 3, "deleted": 1}`,
	})
	found, err := s.Run(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, ledger.Run{
		ID: id, Scheme: "assembly", Kind: ledger.Reconcile, State: ledger.RunComplete, Revision: 1, Version: 1,
		StartTime: rowtest.Now, EndTime: rowtest.Now.Add(4 * time.Second),
		RunCounts: rule.RunCounts{Bills: 3, Deleted: 1},
		Comparison: ledger.ComparisonDetail{
			Phase: ledger.ReconcileDone, From: rowtest.Now.Add(-72 * time.Hour), To: rowtest.Now, Hours: 73,
			Differing: 2, Read: 12, Repaired: 3, Missing: 1, Gone: 1, Problems: []int64{},
			GoneIDs: []int64{}, SuspectOrgs: []string{}, Moved: []int64{},
		},
	}, found)

	recheck, err := s.Run(t.Context(),
		rows.Reconcile(rowtest.Reconcile{Kind: "recheck", State: "running", Note: "nothing is shown"}))
	require.NoError(t, err)
	require.True(t, recheck.Comparison.From.IsZero() && recheck.Comparison.To.IsZero() && recheck.EndTime.IsZero())
	require.Equal(t, "nothing is shown", recheck.Note)
	failed, err := s.Run(t.Context(), rows.Reconcile(rowtest.Reconcile{State: "failed", Error: "the scheme changed"}))
	require.NoError(t, err)
	require.Equal(t, "the scheme changed", failed.Error)

	_, err = s.Run(t.Context(), 99)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestARunOfAKindIsAskedForOnceByOneID(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	at, err := acttest.New(pool).AskForRun(t.Context(), act("r1"), ledger.Reconcile)
	require.NoError(t, err)
	again, err := acttest.New(pool).AskForRun(t.Context(), act("r1"), ledger.Reconcile)
	require.NoError(t, err)
	require.Equal(t, at, again)
	_, err = acttest.New(pool).AskForRun(t.Context(), act("r1"), ledger.Recheck)
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	require.Equal(t, `li 请求读取 {"kind": "reconcile"}`,
		rows.Text(`select concat_ws(' ', actor, verb_zh, parameters) from reporting.operator_action`))
}
