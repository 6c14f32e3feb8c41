package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// Columns had the zone of this machine, where the texts beside them are in Beijing time.
func TestTimesAreInBeijingTimeWhateverThisMachinesZone(t *testing.T) {
	at := time.Date(2026, 11, 23, 20, 5, 6, 0, time.UTC)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("CET", 3600)} {
		require.Equal(t, "2026-11-24 04:05:06", moment(at.In(zone)))
		require.Equal(t, "2026-11-24 04:05:06 +08:00", momentWithZone(at.In(zone)))
		require.Equal(t, "04:05:06.000 +08:00", clock(at.In(zone)))
	}
	require.Equal(t, "-", moment(time.Time{}))
}

func TestMigrateSaysWhatItDid(t *testing.T) {
	require.Contains(t, migrated(0, 2, []string{"lag"}), "the ledger was made, schema version 2")
	require.Contains(t, migrated(1, 2, nil), "from schema version 1 to 2")
	require.Contains(t, migrated(2, 2, nil), "was up to date, schema version 2")
	require.Contains(t, migrated(2, 2, []string{"lag", "aging"}), "report views renewed: lag, aging")
	require.NotContains(t, migrated(2, 2, []string{"lag"}), "the database was up to date")
}

func TestUpTellsTheRealMode(t *testing.T) {
	require.Contains(t, standing(ledger.SchemeView{Scheme: "a", State: "running", Mode: "send"}), "mode send")
	require.Contains(t, standing(ledger.SchemeView{Scheme: "a", State: "running", Mode: "dry_run"}),
		"`voidrelay mode a send --reason …`")
	require.Contains(t,
		standing(ledger.SchemeView{Scheme: "a", State: "stopped", Mode: "send", Conditions: []ledger.ConditionView{
			{Message: "旺店通没有应答", BlocksSending: true},
			{Message: "数据中心不一致", BlocksReading: true, ByPerson: true},
		}}), "stopped: 数据中心不一致")
}

func TestWhatAKilledProcessLeftIsNamedWhileItIsWaitedFor(t *testing.T) {
	s := &stage{leased: 3, until: time.Now().Add(time.Hour)}
	require.Contains(t, s.cancelling(), "another process has leases on 3")
	s.until = time.Now().Add(-time.Second)
	require.Equal(t, "取消中 cancelling", s.cancelling())
	require.Equal(t, "取消中 cancelling", (&stage{}).cancelling())
}
