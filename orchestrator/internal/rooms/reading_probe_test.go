package rooms_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Three kinds of trouble with one data centre: one host asks, at a growing pace, and for all of them.
func TestOneProbeADataCentreWhicheverHost(t *testing.T) {
	w := setupWriter(t)
	center := w.text(`select data_center_id from scheme`)
	open := func(kind rule.ConditionKind) {
		_, err := w.store.OpenCondition(t.Context(), ledger.Condition{
			Kind: kind, DataCenterID: center, Detail: "502", ProbeAfter: time.Second,
		})
		require.NoError(t, err)
	}
	take := func(centers ...string) []ledger.ReadingProbe {
		due, err := w.store.TakeReadingProbes(t.Context(), centers,
			ledger.Pace{First: 5 * time.Second, Longest: time.Minute}, time.Minute)
		require.NoError(t, err)
		return due
	}
	due := func() { w.rows.Exec(`update condition set probe_time = now()`) }
	open(rule.ConditionKingdeeAway)
	open(rule.ConditionSessionContended)
	require.Empty(t, take(center), "not due yet")
	due()
	require.Empty(t, take("another"), "a host that reads another data centre cannot ask")
	require.Equal(t, []ledger.ReadingProbe{{DataCenterID: center, Wait: 10 * time.Second}}, take(center))
	require.Empty(t, take(center), "one host asks")
	for range 4 {
		due()
		take(center)
	}
	due()
	require.Equal(t, time.Minute, take(center)[0].Wait)

	refused := ledger.Condition{Kind: rule.ConditionLoginRefused, DataCenterID: center, Detail: "wrong"}
	require.NoError(t, w.store.ProbeLater(t.Context(), center, &refused, time.Second))
	require.Equal(t, "login_refused", w.text(`select string_agg(kind, ' ') from condition where end_time is null`),
		"whoever refuses a login is not away")
	standing, err := w.store.Scheme(t.Context(), w.text(`select scheme from scheme`))
	require.NoError(t, err)
	require.True(t, standing.Rests)
	require.False(t, standing.Stopped, "it ends by itself")

	var asked []string
	require.NoError(t, w.store.EndReading(t.Context(), center, "Kingdee answers", func(_ pgx.Tx, scheme string) error {
		asked = append(asked, scheme)
		return nil
	}))
	require.Len(t, asked, 1)
	require.Zero(t, w.count(`select count(*) from condition where end_time is null`))
}
