package rule_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// A form whose bills are all of one kind, with one entity: its order kind is the direction alone.
func TestAFormWithoutKinds(t *testing.T) {
	out := rule.OrderKind{Direction: rule.Out}
	returns := rule.Form{
		ID: "TST_Return", Lines: []rule.LineEntity{{Source: "lines", Entity: "FEntity"}},
		Orders: []rule.FormOrder{{Kind: out, Lines: "lines"}},
	}
	bill := rule.Bill{Lines: map[string][]rule.Line{"lines": lines("A", "B", "A")}}
	orders, outside := rule.Orders(bill, returns, map[rule.OrderKind]rule.Source{out: "lines"})
	require.Len(t, orders, 2)
	require.Zero(t, outside)
	require.Equal(t, "out", orders[0].Kind().String())
	require.Len(t, orders[0].Lines, 2)
	_, outside = rule.Orders(bill, returns, nil)
	require.Equal(t, 2, outside)

	kind, known := returns.Kind("")
	require.True(t, known)
	require.Empty(t, kind)
	_, known = returns.Kind("Assembly")
	require.False(t, known, "a kind that the form does not have")
	_, known = form.AssembledApp.Kind("")
	require.False(t, known, "a form with kinds has no bill without one")
}

func TestAnOrderKindIsReadFromItsName(t *testing.T) {
	for name, want := range map[string]rule.OrderKind{
		"Assembly.in": {BillKind: "Assembly", Direction: rule.In}, "out": {Direction: rule.Out},
		"A.B.out": {BillKind: "A.B", Direction: rule.Out},
	} {
		got, ok := rule.ParseOrderKind(name)
		require.True(t, ok, name)
		require.Equal(t, want, got)
		require.Equal(t, name, got.String())
	}
	for _, name := range []string{"", "Assembly", "Assembly.", ".in", "Assembly.sideways"} {
		_, ok := rule.ParseOrderKind(name)
		require.False(t, ok, name)
	}
}
