package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestMain(m *testing.M) {
	if status, played := playRole(); played {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

func TestSmallRun(t *testing.T) {
	b := &bench{
		singles: 3, perMinute: 5, bills: 30, round: 20, hostRound: 20, ledger: 200, rows: 500, backfills: 450,
		remaps: 1_200, rounds: 1, warm: 5, quiet: 2, wait: -1,
	}
	require.NoError(t, b.measure(t.Context(), measurements))
	require.Empty(t, b.failures)
}

func TestQuantile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for name, c := range map[string]struct {
		sorted  []time.Duration
		percent int
		want    time.Duration
	}{
		"none":       {nil, 50, 0},
		"one":        {hundred[:1], 50, 1},
		"p50 of 3":   {hundred[:3], 50, 2},
		"p50 of 100": {hundred, 50, 50},
		"p99 of 100": {hundred, 99, 99},
		"p99 of 3":   {hundred[:3], 99, 3},
		"all":        {hundred, 100, 100},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, quantile(c.sorted, c.percent)) })
	}
}

func TestTheSchemeIsTheShippedOneWithoutSafetyLimits(t *testing.T) {
	loaded, err := scheme.Load(schemes(latencyIncremental), "schemes")
	require.NoError(t, err)
	require.Len(t, loaded, 1)
	require.Equal(t, schemeName, loaded[0].Name)
	require.Equal(t, latencyIncremental, loaded[0].IncrementalInterval(scheme.Sandbox))
	require.Greater(t, loaded[0].SafetyLimits().PerHour, int64(2*backlogVoids))
	warehouse, listed := loaded[0].Warehouse("CK001")
	require.True(t, listed)
	require.Equal(t, orderKey("A1").WarehouseCode, warehouse.Code)
}

func TestUsageOfThisProcess(t *testing.T) {
	peak, err := peakMemory(os.Getpid())
	if runtime.GOOS != "linux" {
		require.ErrorIs(t, err, errNoProc)
		return
	}
	require.NoError(t, err)
	require.Greater(t, peak, int64(1<<20))
	began := cpuTime(os.Getpid())
	for deadline := time.Now().Add(time.Minute); cpuTime(os.Getpid()) <= began; {
		require.True(t, time.Now().Before(deadline), "work does not show")
	}
}

func TestComplaintsAreShownWhole(t *testing.T) {
	var shown strings.Builder
	c := &complaints{to: &shown}
	for _, piece := range []string{
		"time=1 level=INFO msg=a\ntime=2 level=WA", "RN msg=b\n", "panic: c\n", "time=3 level=INFO msg=d\n",
	} {
		n, err := c.Write([]byte(piece))
		require.NoError(t, err)
		require.Len(t, piece, n)
	}
	require.Equal(t, "time=2 level=WARN msg=b\npanic: c\n", shown.String())
}

func TestChoose(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	require.Len(t, all, len(measurements))
	one, err := choose("backlog")
	require.NoError(t, err)
	require.Equal(t, "backlog", one[0].name)
	_, err = choose("latency,speed")
	require.ErrorContains(t, err, `"speed"`)
}
