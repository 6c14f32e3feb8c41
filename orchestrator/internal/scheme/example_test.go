package scheme_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

const (
	exampleA = `    examples:
      - order_kind: Assembly.in
        bill: {number: ZZ1, lines: {products: [{warehouse: CK001}]}}
        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: QTRK}]
`
	exampleB = `      - order_kind: Assembly.in
        bill: {number: ZZ2, lines: {products: [{warehouse: CK001}, {warehouse: CK001}]}}
        orders: [{warehouse_code: WH-1, order_code: ZZ2, order_type: QTRK}]
`
)

func TestExamplesAreHeldAgainstTheMapping(t *testing.T) {
	load(t, good+exampleA+exampleB)
	for name, tc := range map[string]struct{ example, want string }{
		"another number": {
			"bill: {number: ZZ1, lines: {products: [{warehouse: CK001}]}}\n" +
				"        orders: [{warehouse_code: WH-1, order_code: ZZ9, order_type: QTRK}]",
			"demo.yaml:16:53: scheme demo: examples.orders.order_code: " +
				"the mapping gives `ZZ1` for bill ZZ1, but the example says `ZZ9`",
		},
		"another type": {
			"bill: {number: ZZ1, lines: {products: [{warehouse: CK001}]}}\n" +
				"        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: SCRK}]",
			"order_type: the mapping gives `QTRK` for bill ZZ1, but the example says `SCRK`",
		},
		"another warehouse": {
			"bill: {number: ZZ1, lines: {products: [{warehouse: CK001}]}}\n" +
				"        orders: [{warehouse_code: CK001, order_code: ZZ1, order_type: QTRK}]",
			"warehouse_code: the mapping gives `WH-1` for bill ZZ1, but the example says `CK001`",
		},
		"more orders": {
			"bill: {number: ZZ1, lines: {products: []}}\n" +
				"        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: QTRK}]",
			"demo.yaml:14:9: scheme demo: examples: bill ZZ1 gives 0 Assembly.in orders (one for each warehouse of " +
				"its lines), but `orders` lists 1",
		},
		"unmapped warehouse": {
			"bill: {number: ZZ1, lines: {products: [{warehouse: CK7}]}}\n" +
				"        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: QTRK}]",
			"order Assembly.in of warehouse \"CK7\": warehouse is not in the scheme's warehouse table",
		},
		"misspelt field": {
			"bill: {numbr: ZZ1}\n        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: QTRK}]",
			"demo.yaml:15:16: scheme demo: examples.bill: unknown key `numbr`; did you mean `number`?",
		},
		"lines of none": {
			"bill: {number: ZZ1, lines: {product: [{warehouse: CK001}]}}\n" +
				"        orders: [{warehouse_code: WH-1, order_code: ZZ1, order_type: QTRK}]",
			"examples.bill: the form has no lines `product`; did you mean `products`?",
		},
		"no orders": {
			"bill: {number: ZZ1}\n        orders: []",
			"examples.orders: must list the orders that the WMS shows for this bill",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scheme.Load(
				[]byte(good+"    examples:\n      - order_kind: Assembly.in\n        "+tc.example+"\n"), "demo.yaml",
			)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := scheme.Load([]byte(good+"    examples:\n      - order_kind: Assembly.out\n        bill: {number: Z}\n"+
		"        orders: [{warehouse_code: W, order_code: Z, order_type: QTRK}]\n"), "demo.yaml")
	require.ErrorContains(t, err,
		"demo.yaml:14:21: scheme demo: examples.order_kind: the scheme does not cancel `Assembly.out`")
}

// A merchant who pushes a bill again under a number of its own after each un-audit names the order by the life of the
// bill; that was no name which a mapping knew.
func TestAMappingKnowsTheGenerationOfTheBill(t *testing.T) {
	byLife := strings.Replace(good, "order_code: bill.number",
		`order_code: 'generation > 1 ? bill.number + "-" + string(generation) : bill.number'`, 1)
	load(t, byLife+exampleA+exampleB)
	again := `      - order_kind: Assembly.in
        generation: 2
        bill: {number: ZZ1, lines: {products: [{warehouse: CK001}]}}
        orders: [{warehouse_code: WH-1, order_code: ZZ1-2, order_type: QTRK}]
`
	s := load(t, byLife+exampleA+exampleB+again)
	require.False(t, s.NamedByNumber(), "ZZ1 in its 11th life, and ZZ11 without, must not be one order unseen")
	_, err := scheme.Load([]byte(byLife+exampleA+strings.Replace(again, "ZZ1-2", "ZZ1", 1)), "demo.yaml")
	require.ErrorContains(t, err, "the mapping gives `ZZ1-2` for bill ZZ1, but the example says `ZZ1`")
	none := strings.Replace(again, "generation: 2", "generation: 0", 1)
	_, err = scheme.Load([]byte(byLife+exampleA+none), "demo.yaml")
	require.ErrorContains(t, err, "generation: must be a whole number from 1 to 1000")
}

func TestRealVendorsWantExamplesAndPatience(t *testing.T) {
	require.NoError(t, load(t, good).CheckFor(scheme.Sandbox))
	require.ErrorContains(t, load(t, good).CheckFor(scheme.Real),
		"demo.yaml:2:5: scheme demo: examples: a real WMS needs at least 2 real examples for direction `in`, with "+
			"number, warehouse and type as its screen shows them; there are 0")
	require.ErrorContains(t, load(t, good+exampleA).CheckFor(scheme.Real), "there are 1")
	require.NoError(t, load(t, good+exampleA+exampleB).CheckFor(scheme.Real))

	both := with(t, "    warehouses:",
		"      Dassembly.in: {lines: components, order_code: bill.number, order_type: QTRK}\n    warehouses:") +
		exampleA + exampleB
	require.ErrorContains(t, load(t, both).CheckFor(scheme.Real), "there is none for `Dassembly.in`")

	fast := with(t, "form:", "incremental_interval: 1s\n    form:") + exampleA + exampleB
	require.NoError(t, load(t, fast).CheckFor(scheme.Sandbox))
	require.ErrorContains(t, load(t, fast).CheckFor(scheme.Real),
		"demo.yaml:3:27: scheme demo: incremental_interval: must be at least 10s on real vendors, not 1s")
}
