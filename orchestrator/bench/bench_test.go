package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestMain(m *testing.M) {
	if status, played := house.PlayRole(); played {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

func TestSmallRun(t *testing.T) {
	require.NoError(t, run(t.Context(), settings{singles: 3, bills: 30}))
}

func TestWithoutBrakes(t *testing.T) {
	schemes, err := scheme.Load(withoutBrakes(scheme.ShippedDocument()), "bench")
	require.NoError(t, err)
	require.NotEqual(t, mustShipped(t).Brakes(), schemes[0].Brakes())
}

func mustShipped(t *testing.T) *scheme.Scheme {
	t.Helper()
	shipped, err := scheme.Shipped()
	require.NoError(t, err)
	return shipped[0]
}

func TestQuantile(t *testing.T) {
	sorted := []time.Duration{1, 2, 3, 4}
	require.Equal(t, time.Duration(2), quantile(sorted, 0.5))
	require.Equal(t, time.Duration(4), quantile(sorted, 0.99))
	require.Equal(t, time.Duration(7), quantile([]time.Duration{7}, 0.5))
}
