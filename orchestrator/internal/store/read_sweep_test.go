package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rowtest"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func TestSweepsAreListedNewestFirst(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	rows.Scheme(rowtest.Scheme{Scheme: "other"})
	first := rows.Sweep(rowtest.Sweep{})
	watch := rows.Sweep(rowtest.Sweep{Kind: "watch"})
	others := rows.Sweep(rowtest.Sweep{Scheme: "other"})
	last := rows.Sweep(rowtest.Sweep{State: "running"})
	for name, c := range map[string]struct {
		scheme string
		kind   ledger.SweepKind
		before int64
		limit  int
		want   []int64
	}{
		"all":                  {limit: 9, want: []int64{last, others, watch, first}},
		"a page":               {limit: 2, want: []int64{last, others}},
		"the page behind it":   {before: others, limit: 2, want: []int64{watch, first}},
		"of a scheme":          {scheme: "assembly", limit: 9, want: []int64{last, watch, first}},
		"of a kind":            {kind: ledger.KindWatch, limit: 9, want: []int64{watch}},
		"of both, and a page":  {scheme: "assembly", kind: ledger.KindSweep, before: last, limit: 9, want: []int64{first}},
		"behind the last page": {before: first, limit: 9, want: []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.SweepViews(t.Context(), c.scheme, c.kind, c.before, c.limit)
			require.NoError(t, err)
			ids := []int64{}
			for _, v := range found {
				ids = append(ids, v.SweepID)
			}
			require.Equal(t, c.want, ids)
		})
	}
}

func TestASweepSaysWhatItFound(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	id := rows.Sweep(rowtest.Sweep{Differing: 2, Repaired: 3, Missing: 1, Gone: 1, RunCounts: `{"bills": 3, "deleted": 1}`})
	found, err := s.SweepView(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, ledger.SweepView{
		SweepID: id, Scheme: "assembly", Kind: "sweep", State: "complete", From: rowtest.Now.Add(-72 * time.Hour), To: rowtest.Now, StartTime: rowtest.Now,
		EndTime: rowtest.Now.Add(4 * time.Second), Hours: 73, Differing: 2, Read: 12, Repaired: 3, Missing: 1, Gone: 1, RunCounts: rule.RunCounts{Bills: 3, Deleted: 1},
	}, found)

	watch, err := s.SweepView(t.Context(), rows.Sweep(rowtest.Sweep{Kind: "watch", State: "running", Note: "nothing is shown"}))
	require.NoError(t, err)
	require.True(t, watch.From.IsZero() && watch.To.IsZero() && watch.EndTime.IsZero())
	require.Equal(t, "nothing is shown", watch.Error)
	failed, err := s.SweepView(t.Context(), rows.Sweep(rowtest.Sweep{State: "failed", Note: "nothing is shown", Error: "the scheme changed"}))
	require.NoError(t, err)
	require.Equal(t, "the scheme changed", failed.Error, "what went wrong comes first")

	_, err = s.SweepView(t.Context(), 99)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestASweepIsAskedForOnceByOneID(t *testing.T) {
	s, pool := openStore(t)
	rows := rowtest.New(t, pool)
	rows.Scheme(rowtest.Scheme{})
	_, found, err := s.SweepRequested(t.Context(), act("r1"), ledger.KindSweep)
	require.NoError(t, err)
	require.False(t, found)
	at, err := s.RecordSweepRequest(t.Context(), act("r1"), ledger.KindSweep)
	require.NoError(t, err)
	again, found, err := s.SweepRequested(t.Context(), act("r1"), ledger.KindSweep)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, at, again)
	_, _, err = s.SweepRequested(t.Context(), act("r1"), ledger.KindWatch)
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	require.Equal(t, `li 请求核对 {"kind": "sweep"}`, rows.Text(`select concat_ws(' ', actor, verb_zh, parameters) from reporting.operator_action`))
}
