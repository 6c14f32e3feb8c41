package scheme_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

var assemblyIn = rule.Order{BillKind: form.Assembly, Direction: rule.In, Warehouse: "CK001"}

func TestMapEvaluatesEveryFieldOverBillAndOrder(t *testing.T) {
	s := load(t, strings.Replace(with(t, "        order_code: bill.number\n        order_type: QTRK\n", `
        order_code: bill.number + "-" + order.warehouse_code
        order_type: 'bill.owner_type == "BD_Customer" ? "THRK" : "SCRK"'
        cancel_reason: '"作废 " + bill.note.replace("\n", " ")'
        owner_code: bill.owner.upperAscii()
        extend_props:
          account: order.account
          lots: order.lines.map(l, l.lot).join("/")
          pushed: bill.extra.F_PUSHED
          none: bill.department + bill.extra.F_EMPTY
          day: string(bill.create_time.getFullYear("Asia/Shanghai"))
`), "    form:", "    extra_fields: {bill: [F_PUSHED, F_EMPTY]}\n    form:", 1))
	bill := rule.Bill{
		ID: 7, Number: "ZZCX1", OwnerType: "BD_OwnerOrg", Owner: "own", Note: "多做了\n一张",
		Extra:      map[string]string{"F_PUSHED": "是"},
		CreateTime: time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC),
	}
	order := assemblyIn
	order.Lines = []rule.Line{{Lot: "A"}, {Lot: "B"}}
	got, err := s.Map(bill, order)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(rule.Request{
		Account: "default", WarehouseCode: "WH-1", OrderCode: "ZZCX1-WH-1", OrderType: "SCRK",
		CancelReason: "作废 多做了 一张", OwnerCode: "OWN",
		ExtendProps: map[string]string{"account": "default", "lots": "A/B", "pushed": "是", "day": "2026"},
	}, got))
}

func TestMapRefusesOneOrderWithFieldAndReason(t *testing.T) {
	for name, tc := range map[string]struct {
		old, replacement string
		bill             rule.Bill
		order            rule.Order
		field, reason    string
	}{
		"empty number": {bill: rule.Bill{ID: 7}, order: assemblyIn, field: "order_code", reason: "is empty"},
		"number too long": {
			bill: rule.Bill{Number: strings.Repeat("单", 51)}, order: assemblyIn, field: "order_code",
			reason: "has 51 characters; at most 50 are allowed",
		},
		"number with blank": {
			bill: rule.Bill{Number: "ZZCX1 "}, order: assemblyIn, field: "order_code",
			reason: "begins or ends with a blank",
		},
		"number with control": {
			bill: rule.Bill{Number: "ZZ\x00CX"}, order: assemblyIn, field: "order_code",
			reason: "contains a control character",
		},
		"unknown type": {
			old: "QTRK", replacement: "bill.note", bill: rule.Bill{Number: "Z", Note: "CNJG"}, order: assemblyIn,
			field: "order_type", reason: "is not among JYCK, HHCK",
		},
		"extra that its text names": {
			old: "bill.number", replacement: "bill.extra[bill.note]", bill: rule.Bill{Number: "Z", Note: "F_NO"},
			order: assemblyIn, field: "order_code", reason: "cannot be evaluated: no such key: F_NO",
		},
		"no line": {
			old: "bill.number", replacement: "order.lines[0].source", bill: rule.Bill{Number: "Z"}, order: assemblyIn,
			field: "order_code", reason: "cannot be evaluated: index out of bounds: 0",
		},
		"too costly": {
			old: "bill.number",
			replacement: "order.lines.map(a, order.lines.map(b, order.lines.map(c, a.lot + b.lot + " +
				"c.lot).join()).join()).join()",
			bill: rule.Bill{Number: "Z"},
			order: rule.Order{
				BillKind: form.Assembly, Direction: rule.In, Warehouse: "CK001", Lines: make([]rule.Line, 200),
			},
			field: "order_code", reason: "cannot be evaluated: operation cancelled: actual cost limit exceeded",
		},
		"warehouse not in the table": {
			bill:  rule.Bill{Number: "Z"},
			order: rule.Order{BillKind: form.Assembly, Direction: rule.In, Warehouse: "CK002"},
			field: "warehouse", reason: "is not in the scheme's warehouse table",
		},
		"warehouse outside": {
			bill:  rule.Bill{Number: "Z"},
			order: rule.Order{BillKind: form.Assembly, Direction: rule.In, Warehouse: "CK009"},
			field: "warehouse", reason: "is outside",
		},
		"another order": {
			bill:  rule.Bill{Number: "Z"},
			order: rule.Order{BillKind: form.Assembly, Direction: rule.Out, Warehouse: "CK001"},
			field: "orders", reason: "does not have this order kind",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := good
			if tc.old != "" {
				text = with(t, tc.old, tc.replacement)
			}
			got, err := load(t, text).Map(tc.bill, tc.order)
			var refused *scheme.MapError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tc.field, refused.Field)
			require.Contains(t, refused.Reason, tc.reason)
			require.Equal(t, tc.bill.Number, refused.BillNo)
			require.Equal(t, tc.bill.ID, refused.BillID)
			require.Equal(t, tc.order.Warehouse, refused.Warehouse)
			require.Zero(t, got)
		})
	}
}

func TestLongReasonsAreCutBetweenCharacters(t *testing.T) {
	s := load(t, with(t, "order_type: QTRK", "order_type: QTRK\n        cancel_reason: bill.note"))
	got, err := s.Map(rule.Bill{Number: "Z", Note: strings.Repeat("废", 3000)}, assemblyIn)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("废", 2000), got.CancelReason)
}

func TestExtraOrderTypesAreTaken(t *testing.T) {
	s := load(t, strings.Replace(with(t, "QTRK", "CNJG"), "form:", "extra_order_types: [CNJG]\n    form:", 1))
	got, err := s.Map(rule.Bill{Number: "Z"}, assemblyIn)
	require.NoError(t, err)
	require.Equal(t, "CNJG", got.OrderType)
}

func TestMapIsSafeFromManyGoroutines(t *testing.T) {
	s := shipped(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				got, err := s.Map(rule.Bill{Number: "Z"}, assemblyIn)
				if err != nil || got.OrderCode != "Z" {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	group.Wait()
}

// Only where an order is called by the number of its bill can Kingdee say who else may own it.
func TestAnOrderThatIsCalledByItsBillsNumberIsKnownFromTheExpression(t *testing.T) {
	for expression, named := range map[string]bool{
		"bill.number":                            true,
		`'"C-" + bill.number'`:                   true,
		`'"C-" + bill.number + "-" + "IN"'`:      true,
		`'bill.number + bill.number'`:            false,
		`'"C-1"'`:                                false,
		"bill.note":                              false,
		`'bill.note == "" ? bill.number : "x"'`:  false,
		`'bill.number.replace("A", "B")'`:        false,
		`'bill.number + "-" + order.warehouse'`:  false,
		`'"C-" + (bill.number + ("-" + "OUT"))'`: true,
	} {
		t.Run(expression, func(t *testing.T) {
			s := load(t, with(t, "order_code: bill.number", "order_code: "+expression))
			require.Equal(t, named, s.NamedByNumber())
		})
	}
}
