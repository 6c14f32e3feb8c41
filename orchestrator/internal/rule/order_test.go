package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

func lines(warehouses ...string) []rule.Line {
	var list []rule.Line
	for i, w := range warehouses {
		list = append(list, rule.Line{ID: int64(i + 1), Warehouse: w})
	}
	return list
}

func TestOneOrderForEachWarehouseOfEachDirection(t *testing.T) {
	assembly := rule.Bill{Kind: form.Assembly, Lines: map[string][]rule.Line{
		"products": lines("A", "B", "A"), "components": lines("B", "C"),
	}}
	dassembly := assembly
	dassembly.Kind = form.Dassembly
	all := map[rule.OrderKind]rule.Source{
		{BillKind: form.Assembly, Direction: rule.In}:   form.Products,
		{BillKind: form.Assembly, Direction: rule.Out}:  form.Components,
		{BillKind: form.Dassembly, Direction: rule.In}:  form.Components,
		{BillKind: form.Dassembly, Direction: rule.Out}: form.Products,
	}
	for name, tc := range map[string]struct {
		bill    rule.Bill
		sources map[rule.OrderKind]rule.Source
		want    []string
		outside int
	}{
		"assembly, inbound": {assembly, inbound.Orders, []string{"Assembly.in A 1,3", "Assembly.in B 2"}, 2},
		"assembly, both": {
			assembly, all, []string{"Assembly.in A 1,3", "Assembly.in B 2", "Assembly.out B 1", "Assembly.out C 2"}, 0,
		},
		"dassembly, inbound: its components come in": {
			dassembly, inbound.Orders, []string{"Dassembly.in B 1", "Dassembly.in C 2"}, 2,
		},
		"dassembly, both": {
			dassembly, all,
			[]string{"Dassembly.in B 1", "Dassembly.in C 2", "Dassembly.out A 1,3", "Dassembly.out B 2"}, 0,
		},
		"a kind from the other lines, where the tenant wants it so": {
			assembly, map[rule.OrderKind]rule.Source{{BillKind: form.Assembly, Direction: rule.In}: form.Components},
			[]string{"Assembly.in B 1", "Assembly.in C 2"}, 2,
		},
		"none asked for": {assembly, nil, nil, 4},
		"lines without a warehouse are in no order": {
			rule.Bill{Kind: form.Assembly, Lines: map[string][]rule.Line{
				"products": lines("", "A", ""), "components": lines("", "B"),
			}},
			inbound.Orders, []string{"Assembly.in A 2"}, 1,
		},
		"no lines": {rule.Bill{Kind: form.Assembly}, inbound.Orders, nil, 0},
		"the other kind's orders are not": {
			rule.Bill{Kind: form.Assembly, Lines: map[string][]rule.Line{"products": lines("A")}},
			map[rule.OrderKind]rule.Source{{BillKind: form.Dassembly, Direction: rule.In}: form.Components}, nil, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			orders, outside := rule.Orders(tc.bill, form.AssembledApp, tc.sources)
			var got []string
			for _, order := range orders {
				s := order.Kind().String() + " " + order.Warehouse
				for i, line := range order.Lines {
					s += []string{" ", ","}[min(i, 1)] + string(rune('0'+line.ID))
				}
				got = append(got, s)
			}
			require.Empty(t, cmp.Diff(tc.want, got))
			require.Equal(t, tc.outside, outside)
		})
	}
}
