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
	require.Len(t, schemes, len(form.All), "one for each form")
	return schemes[0]
}

func TestShippedSchemeForReturnsCancelsOutboundOrdersOnSandboxes(t *testing.T) {
	schemes, err := scheme.Shipped()
	require.NoError(t, err)
	s := schemes[1]
	require.Equal(t, []any{"return-void", form.ReturnApp.ID, false}, []any{s.Name, s.Form, s.ClosedEnds})
	require.NoError(t, s.CheckFor(scheme.Sandbox))
	require.ErrorContains(t, s.CheckFor(scheme.Real), "sandbox_only: this scheme is for the sandboxes only")
	bill := rule.Bill{Number: "TLSQ000777", Fields: map[string]string{"supplier_number": "VEN00010"}}
	bill.Lines = map[string][]rule.Line{"lines": {{Warehouse: "CK004"}, {}, {Warehouse: "CK004"}}}
	got, err := s.Requests(bill)
	require.NoError(t, err)
	require.Len(t, got, 1, "a line without a warehouse is in no order")
	require.NoError(t, got[0].Fault)
	require.Empty(t, cmp.Diff(rule.Request{
		Account: "default", WarehouseCode: "WH-GZ01", OrderCode: "TLSQ000777", OrderType: "CGTH",
		CancelReason: "金蝶退料申请取消 TLSQ000777",
	}, got[0].Request))
	bill.Fields["supplier_number"] = "VEN00020"
	got, err = s.Requests(bill)
	require.NoError(t, err)
	require.Empty(t, got, "another supplier's is not selected")
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
