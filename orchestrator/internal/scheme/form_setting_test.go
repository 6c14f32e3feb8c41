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
		"closed, of no use": {
			"closed_ends: true", "closed_ends: true\n    triggers: [deleted]", "closed_ends: is of no effect",
		},
		"kinds of another": {
			"out: {lines: lines,", "Assembly.out: {lines: lines,", "orders: unknown key `Assembly.out`",
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
