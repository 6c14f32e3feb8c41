package scheme_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func shipped(t *testing.T) *scheme.Scheme {
	t.Helper()
	schemes, err := scheme.Shipped()
	require.NoError(t, err)
	require.Len(t, schemes, 1)
	return schemes[0]
}

func TestShippedSchemeCancelsInboundOrdersOnSandboxes(t *testing.T) {
	s := shipped(t)
	require.Equal(t, "assembly-void", s.Name)
	require.Equal(t, []string{"default"}, s.Accounts())
	require.Equal(t, []rule.Trigger{rule.TriggerVoided}, s.Triggers)
	require.Empty(t, cmp.Diff(map[rule.OrderKind]rule.Source{
		{BillKind: form.Assembly, Direction: rule.In}:  form.Products,
		{BillKind: form.Dassembly, Direction: rule.In}: form.Components,
	}, s.Policy(time.Time{}, nil).Orders))
	for _, number := range []string{"CK001", "CK002", "CK003", "CK004", "CK005"} {
		w, ok := s.Warehouse(number)
		require.True(t, ok, number)
		require.False(t, w.Outside)
		require.NotEqual(t, number, w.Code, "a mix-up of the two codes must show")
	}

	require.NoError(t, s.CheckFor(scheme.Sandbox))
	require.ErrorContains(t, s.CheckFor(scheme.Real), "sandbox_only: this scheme is for the sandboxes only")
	require.Equal(t, scheme.Send, s.Mode(scheme.Sandbox))
	require.Equal(t, scheme.DryRun, s.Mode(scheme.Real))
	require.Equal(t, time.Second, s.IncrementalInterval(scheme.Sandbox))
	require.Equal(t, time.Minute, s.IncrementalInterval(scheme.Real))

	bill := rule.Bill{ID: 100001, Number: "ZZCX000777", Kind: form.Dassembly}
	got, err := s.Map(bill, rule.Order{BillKind: form.Dassembly, Direction: rule.In, Warehouse: "CK004"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(rule.Request{
		Account: "default", WarehouseCode: "WH-GZ01", OrderCode: "ZZCX000777", OrderType: "QTRK",
		CancelReason: "金蝶作废 ZZCX000777",
	}, got))
}
