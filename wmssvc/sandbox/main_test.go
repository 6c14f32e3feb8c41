package sandbox_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voidrelay/voidrelay/wmssvc/sandbox"
	"github.com/voidrelay/voidrelay/wmssvc/sandbox/sample"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStartAndStopManyTimesOnOnePort(t *testing.T) {
	t.Parallel()
	first := setup(t)
	addr := first.Addr()
	require.NoError(t, first.Stop(t.Context()))
	for range 50 {
		cfg := sandbox.DefaultConfig()
		cfg.Addr = addr
		s, err := sandbox.Start(t.Context(), cfg)
		require.NoError(t, err)
		taken, err := sandbox.Start(t.Context(), cfg)
		require.Nil(t, taken)
		require.Error(t, err)
		stopped := make(chan error, 2)
		for range cap(stopped) {
			go func() { stopped <- s.Stop(context.Background()) }()
		}
		require.NoError(t, <-stopped)
		require.NoError(t, <-stopped)
	}
}

func TestAnEmptyConfigurationServesTheDemoAccount(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(t.Context(), sandbox.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	require.Equal(t, []string{sandbox.DemoSID}, s.Status().SIDs)
	for _, o := range sample.Orders(s.Status().Time) {
		_, known := sample.Warehouses()[o.WarehouseCode]
		require.True(t, known, o.WarehouseCode)
	}
}
