package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/acttest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func TestReconcilesAreListedNewestFirst(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	first := rows.Reconcile(rowtest.Reconcile{})
	recheck := rows.Reconcile(rowtest.Reconcile{Kind: "recheck"})
	others := rows.Reconcile(rowtest.Reconcile{Scheme: "other"})
	last := rows.Reconcile(rowtest.Reconcile{State: "running"})
	for name, c := range map[string]struct {
		scheme string
		kind   ledger.ReconcileKind
		before int64
		limit  int
		want   []int64
	}{
		"all":                  {limit: 9, want: []int64{last, others, recheck, first}},
		"a page":               {limit: 2, want: []int64{last, others}},
		"the page behind it":   {before: others, limit: 2, want: []int64{recheck, first}},
		"of a scheme":          {scheme: "assembly", limit: 9, want: []int64{last, recheck, first}},
		"of a kind":            {kind: ledger.KindRecheck, limit: 9, want: []int64{recheck}},
		"of both, and a page":  {scheme: "assembly", kind: ledger.KindReconcile, before: last, limit: 9, want: []int64{first}},
		"behind the last page": {before: first, limit: 9, want: []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.ReconcileViews(t.Context(), c.scheme, c.kind, c.before, c.limit)
			require.NoError(t, err)
			ids := []int64{}
			for _, v := range found {
				ids = append(ids, v.ReconcileID)
			}
			require.Equal(t, c.want, ids)
		})
	}
}

func TestAReconcileSaysWhatItFound(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	id := rows.Reconcile(rowtest.Reconcile{Differing: 2, Repaired: 3, Missing: 1, Gone: 1, RunCounts: `{"bills": 3, "deleted": 1}`})
	found, err := s.ReconcileView(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, ledger.ReconcileView{
		ReconcileID: id, Scheme: "assembly", Kind: "reconcile", State: "complete", From: rowtest.Now.Add(-72 * time.Hour), To: rowtest.Now, StartTime: rowtest.Now,
		EndTime: rowtest.Now.Add(4 * time.Second), Hours: 73, Differing: 2, Read: 12, Repaired: 3, Missing: 1, Gone: 1, RunCounts: rule.RunCounts{Bills: 3, Deleted: 1},
	}, found)

	recheck, err := s.ReconcileView(t.Context(), rows.Reconcile(rowtest.Reconcile{Kind: "recheck", State: "running", Note: "nothing is shown"}))
	require.NoError(t, err)
	require.True(t, recheck.From.IsZero() && recheck.To.IsZero() && recheck.EndTime.IsZero())
	require.Equal(t, "nothing is shown", recheck.Error)
	failed, err := s.ReconcileView(t.Context(), rows.Reconcile(rowtest.Reconcile{State: "failed", Note: "nothing is shown", Error: "the scheme changed"}))
	require.NoError(t, err)
	require.Equal(t, "the scheme changed", failed.Error, "what went wrong comes first")

	_, err = s.ReconcileView(t.Context(), 99)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestAReconcileIsAskedForOnceByOneID(t *testing.T) {
	_, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	at, err := acttest.New(pool).AskForReconcile(t.Context(), act("r1"), ledger.KindReconcile)
	require.NoError(t, err)
	again, err := acttest.New(pool).AskForReconcile(t.Context(), act("r1"), ledger.KindReconcile)
	require.NoError(t, err)
	require.Equal(t, at, again)
	_, err = acttest.New(pool).AskForReconcile(t.Context(), act("r1"), ledger.KindRecheck)
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	require.Equal(t, `li 请求核对 {"kind": "reconcile"}`, rows.Text(`select concat_ws(' ', actor, verb_zh, parameters) from reporting.operator_action`))
}
