package scheme_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// returns is a scheme of the form that has open keys and a closed state.
const returns = `schemes:
  - name: returns
    form: PUR_MRAPP
    kingdee:
      data_center: dc-1
      keys: {close_status: FCloseStatus, FEntity.warehouse_number: F_ABC_Stock.FNumber}
    closed_ends: true
    orders:
      out: {lines: lines, order_code: bill.number, order_type: CGTH}
    warehouses:
      CK001: {account: default, code: WH-1}
    examples:
      - order_kind: out
        bill: {number: TL1, closed: true, lines: {lines: [{warehouse: CK001}]}}
        orders: [{warehouse_code: WH-1, order_code: TL1, order_type: CGTH}]
`

func TestAFormsOpenKeysAndClosedStateAreSettings(t *testing.T) {
	s := load(t, returns)
	require.Equal(t, map[string]string{
		"close_status": "FCloseStatus", "FEntity.warehouse_number": "F_ABC_Stock.FNumber",
	}, s.Keys)
	keys, err := scheme.KeysOf(s.Document())
	require.NoError(t, err)
	require.Equal(t, s.Keys, keys, "a later revision is compared with it")
	require.True(t, s.ClosedEnds)
	require.Equal(t, []rule.OrderKind{{Direction: rule.Out}}, s.Kinds())
	parts, err := scheme.PartsOf(s.Document())
	require.NoError(t, err)
	require.Contains(t, parts, rule.Part{Kind: rule.PartTrigger, Name: "closed"}, "it has a cutover of its own")

	off := load(t, strings.Replace(returns, "    closed_ends: true\n", "", 1))
	require.False(t, off.ClosedEnds)
	parts, err = scheme.PartsOf(off.Document())
	require.NoError(t, err)
	require.NotContains(t, parts, rule.Part{Kind: rule.PartTrigger, Name: "closed"})
	require.Nil(t, load(t, good).Keys)
}

func TestFaultsOfAFormsSettings(t *testing.T) {
	for name, tc := range map[string]struct{ old, replacement, want string }{
		"a key that is known": {
			"close_status: FCloseStatus", "close_status: FCloseStatus, org_number: F_X",
			"kingdee.keys.org_number: PUR_MRAPP has no such column, or its key is known",
		},
		"a misspelt column": {
			"FEntity.warehouse_number", "FEntity.warehuse_number", "did you mean `FEntity.warehouse_number`?",
		},
		"no Kingdee key": {
			"FCloseStatus", "关闭", "kingdee.keys.close_status: `关闭` is no Kingdee field",
		},
		"closed, by no key": {
			"close_status: FCloseStatus, ", "", "closed_ends: needs kingdee.keys.close_status",
		},
		"warehouses, by no key": {
			", FEntity.warehouse_number: F_ABC_Stock.FNumber", "",
			"kingdee.keys: must name the Kingdee field of FEntity.warehouse_number",
		},
		"closed, of no use": {
			"closed_ends: true", "closed_ends: true\n    triggers: [deleted]", "closed_ends: is of no effect",
		},
		"kinds of another": {
			"out: {lines: lines,", "Assembly.out: {lines: lines,", "orders: unknown key `Assembly.out`",
		},
		"a misspelt field in the selector": {
			"    orders:\n", "    selector: bill.fields.suplier_number != \"S9\"\n    orders:\n",
			"demo.yaml:8:15: scheme returns: selector: bills of PUR_MRAPP have no `suplier_number` in fields; did " +
				"you mean `supplier_number`? It may be one of: supplier_number, purchase_org_number, return_place, " +
				"return_mode, replacement_mode (in `bill.fields.suplier_number != \"S9\"`)",
		},
		"a misspelt field in an order": {
			"order_code: bill.number", `order_code: 'bill.number + bill.fields["return_plase"]'`,
			"orders.out.order_code: bills of PUR_MRAPP have no `return_plase` in fields; did you mean `return_place`?",
		},
		"a misspelt field of lines": {
			"order_code: bill.number", "order_code: 'order.lines[0].fields.returned_quantiti'",
			"orders.out.order_code: lines of PUR_MRAPP have no `returned_quantiti` in fields; did you mean",
		},
		"a field of the head on lines": {
			"    orders:\n", "    selector: bill.lines.lines.all(l, l.fields.supplier_number == \"\")\n    orders:\n",
			"selector: lines of PUR_MRAPP have no `supplier_number` in fields; it may be one of: returned_quantity",
		},
		"a misspelt field in an example": {
			"number: TL1,", "number: TL1, fields: {suplier_number: S1},",
			"examples.bill: bills of PUR_MRAPP have no `suplier_number` in fields",
		},
		"a misspelt field of lines in an example": {
			"{warehouse: CK001}", "{warehouse: CK001, fields: {quantity: 1}}",
			"examples.bill: lines of PUR_MRAPP have no `quantity` in fields",
		},
		"fields of a form that has none": {
			"form: PUR_MRAPP\n", "form: STK_AssembledApp\n    selector: bill.fields.supplier_number == \"\"\n",
			"selector: bills of STK_AssembledApp have no `supplier_number` in fields; there is none",
		},
		"lines of another": {
			"lines: lines", "lines: products", "orders.out.lines: must be `lines` (明细), not `products`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, returns, tc.old)
			_, err := scheme.Load([]byte(strings.Replace(returns, tc.old, tc.replacement, 1)), "demo.yaml")
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAFormsFieldsAreTextForExpressions(t *testing.T) {
	s := load(t, strings.NewReplacer(
		"    orders:\n", `    selector: bill.fields.supplier_number.startsWith("S") && bill.fields.return_mode == ""
    orders:
`,
		"order_code: bill.number", `order_code: bill.number + "-" + bill.fields.supplier_number, `+
			`cancel_reason: 'order.lines.map(l, l.fields.returned_quantity + ".").join("/")'`,
		"number: TL1,", "number: TL1, fields: {supplier_number: 007},", "order_code: TL1,", `order_code: TL1-007,`,
	).Replace(returns))
	bill := rule.Bill{
		Number: "TL2", Fields: map[string]string{"supplier_number": "S2", "of_a_later_version": "x"},
		Lines: map[string][]rule.Line{"lines": {
			{Warehouse: "CK001", Fields: map[string]string{"returned_quantity": "1.50"}}, {Warehouse: "CK001"},
		}},
	}
	requests, err := s.Requests(bill)
	require.NoError(t, err)
	require.Len(t, requests, 1)
	require.NoError(t, requests[0].Fault)
	require.Equal(t, "TL2-S2", requests[0].Request.OrderCode)
	require.Equal(t, "1.50./.", requests[0].Request.CancelReason, "a line that leaves it empty has the empty text")
	require.Equal(t, "x", bill.Fields["of_a_later_version"], "the bill itself stays as it was")

	for name, fields := range map[string]map[string]string{
		"another supplier": {"supplier_number": "T2"}, "another mode": {"supplier_number": "S2", "return_mode": "A"},
		"none": nil,
	} {
		bill.Fields = fields
		requests, err = s.Requests(bill)
		require.NoError(t, err, name)
		require.Empty(t, requests, name)
	}
}
