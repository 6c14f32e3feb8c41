package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if status, played := playRole(); played {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// A figure counts only if every bill came: measure fails otherwise.
func TestASmallRunCountsEveryBill(t *testing.T) {
	var out bytes.Buffer
	// the race detector takes memory of its own
	b := &bench{rows: 12_000, bills: 700, rounds: 2, most: 1 << 30, out: &out}
	require.NoError(t, b.measure(t.Context(), []string{"memory", "speed"}))
	require.Contains(t, out.String(), "StreamBills              12000 rows,    6000 bills")
	require.Contains(t, out.String(), "StreamBillStates         12000 rows,   12000 bills")
	require.Contains(t, out.String(), "700 bills of 2 lines")
}

func TestWhatIsNotMeasuredIsRefused(t *testing.T) {
	require.Error(t, (&bench{rows: 1, bills: 1, rounds: 1}).measure(t.Context(), []string{"luck"}))
	require.Error(t, (&bench{rows: 0, bills: 1, rounds: 1}).measure(t.Context(), nil))
}
