package scheme_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestFaultsNameLineKeyAndRemedy(t *testing.T) {
	for name, tc := range map[string]struct{ old, replacement, want string }{
		"unknown key": {
			"order_code: bill", "ordrcode: bill",
			"demo.yaml:8:9: scheme demo: orders.Assembly.in: unknown key `ordrcode`; did you mean `order_code`?",
		},
		"unknown key far away": {
			"form:", "colour: blue\n    form:",
			"demo.yaml:3:5: scheme demo: unknown key `colour`; it may be one of: name, title, form",
		},
		"key given twice": {"form:", "name: again\n    form:", "demo.yaml:3:5: scheme demo: key `name` is given twice"},
		"missing key": {
			"        order_type: QTRK\n", "",
			"demo.yaml:7:9: scheme demo: orders.Assembly.in: key `order_type` is missing",
		},
		"empty key": {
			"order_code: bill.number", "order_code:",
			"demo.yaml:8:9: scheme demo: orders.Assembly.in: key `order_code` is missing",
		},
		"bad name": {
			"name: demo", "name: Demo",
			"demo.yaml:2:11: scheme Demo: name: `Demo` must begin with a small letter",
		},
		"another form": {
			"STK_AssembledApp", "STK_MISCELLANEOUS",
			"demo.yaml:3:11: scheme demo: form: form `STK_MISCELLANEOUS` is not supported; " +
				"those that are: STK_AssembledApp (组装拆卸单), PUR_MRAPP",
		},
		"keys of a known form": {
			"{data_center: dc-1}", "{data_center: dc-1, keys: {note: F_N}}",
			"demo.yaml:4:47: scheme demo: kingdee.keys.note: the keys of STK_AssembledApp are known; leave it out",
		},
		"closed of no form": {
			"form:", "closed_ends: true\n    form:",
			"demo.yaml:3:18: scheme demo: closed_ends: bills of STK_AssembledApp have no closed state; leave it out",
		},
		"terms of no trigger": {
			"form:", "un_audited: {dwell: 1m}\n    form:",
			"demo.yaml:3:17: scheme demo: un_audited: is of no effect: `un_audited` is not among the triggers",
		},
		"dwell of nothing": {
			"form:", "triggers: [un_audited]\n    un_audited: {dwell: 0s}\n    form:",
			"un_audited.dwell: must be",
		},
		"trigger twice": {"form:", "triggers: [voided, voided]\n    form:", "`voided` is listed twice"},
		"extra field of no form": {
			"form:", "extra_fields: {bill: [\"F X\"]}\n    form:",
			"extra_fields.bill: `F X` is no Kingdee field",
		},
		"extra field not listed": {
			"form:",
			"extra_fields: {bill: [F_Pushed], lines: [F_Shop]}\n    selector: bill.extra.F_Pushd == \"1\"\n    form:",
			"selector: extra field `F_Pushd` is not listed under extra_fields.bill; did you mean `F_Pushed`?",
		},
		"extra of the lines": {
			"form:",
			"extra_fields: {bill: [F_Pushed]}\n" +
				"    selector: bill.lines.products.exists(l, l.extra[\"F_Shop\"] == \"1\")\n    form:",
			"selector: extra field `F_Shop` is not listed under extra_fields.lines",
		},
		"misspelt field in selector": {
			"form:", "selector: bill.numbre == \"1\"\n    form:",
			"demo.yaml:3:19: scheme demo: selector: bill has no field `numbre`; did you mean `number`?",
		},
		"selector over an order": {
			"form:", "selector: order.warehouse == \"1\"\n    form:",
			"selector: unknown name `order`",
		},
		"selector that is text": {
			"form:", "selector: bill.number\n    form:",
			"selector: must give yes or no (bool), not string",
		},
		"unknown trigger": {
			"form:", "triggers: [cancelled]\n    form:",
			"demo.yaml:3:16: scheme demo: triggers: unknown trigger `cancelled`",
		},
		"no trigger": {
			"form:", "triggers: []\n    form:",
			"demo.yaml:3:15: scheme demo: triggers: must list at least one of voided, un_audited, deleted",
		},
		"misspelt field of bill": {
			"bill.number", "bill.numbr",
			"demo.yaml:8:25: scheme demo: orders.Assembly.in.order_code: bill has no field `numbr`; " +
				"did you mean `number`? It may be one of: id, number, org",
		},
		"misspelt field of order": {
			"bill.number", `'bill.number + order.warehous'`,
			"demo.yaml:8:41: scheme demo: orders.Assembly.in.order_code: order has no field `warehous`; " +
				"did you mean `warehouse`?",
		},
		"misspelt field of line": {
			"bill.number", "order.lines[0].materal",
			"orders.Assembly.in.order_code: a line has no field `materal`; did you mean `material`?",
		},
		"misspelt in a block": {
			"bill.number", "|\n          bill.number +\n          bill.nmber",
			"demo.yaml:10:1: scheme demo: orders.Assembly.in.order_code: bill has no field `nmber`",
		},
		"unknown name": {
			"bill.number", "bil.number",
			"demo.yaml:8:21: scheme demo: orders.Assembly.in.order_code: unknown name `bil`; did you mean `bill`?",
		},
		"not text": {"bill.number", "bill.id", "orders.Assembly.in.order_code: must give text (string), not int"},
		"not CEL": {
			"bill.number", "bill.number +",
			"demo.yaml:8:34: scheme demo: orders.Assembly.in.order_code: Syntax error",
		},
		"text without quotes": {
			"bill.number", "金蝶 作废",
			`orders.Assembly.in.order_code: is no expression; a fixed text is put in quotes of its own: '"金蝶 作废"' (in `,
		},
		"order type misspelt": {
			"QTRK", "QTKR",
			"demo.yaml:9:21: scheme demo: orders.Assembly.in.order_type: the WMS knows no order type `QTKR`; " +
				"did you mean `QTRK`?",
		},
		"order type small": {"QTRK", "qtrk", "the WMS knows no order type `qtrk`; did you mean `QTRK`?"},
		"order type as CEL text": {
			"QTRK", `'"CNJG"'`,
			"the WMS knows no order type `CNJG`; it may be one of: JYCK, HHCK",
		},
		"extra type known": {
			"form:", "extra_order_types: [QTRK]\n    form:",
			"extra_order_types: `QTRK` is known already",
		},
		"extra type malformed": {
			"form:", "extra_order_types: [仓内]\n    form:",
			"extra_order_types: `仓内` is no order type",
		},
		"lines": {
			"lines: products", "lines: product",
			"orders.Assembly.in.lines: must be `products` (成品) or `components` (子件), not `product`",
		},
		"unknown order": {
			"Assembly.in:", "Asembly.in:",
			"demo.yaml:6:7: scheme demo: orders: unknown key `Asembly.in`; did you mean `Assembly.in`?",
		},
		"no order": {
			"orders:\n      Assembly.in:\n        lines: products\n        order_code: bill.number\n" +
				"        order_type: QTRK\n",
			"orders: {}\n", "orders: must name at least one order",
		},
		"code too long": {
			"WH-1", strings.Repeat("W", 51),
			"warehouses.CK001.code: has 51 characters; at most 50 are allowed",
		},
		"outside with a code": {
			"{outside: true}", "{outside: true, code: X}",
			"warehouses.CK009.outside: a warehouse that is outside has neither account nor code",
		},
		"warehouse twice": {"CK009:", "CK001:", "demo.yaml:12:7: scheme demo: warehouses: key `CK001` is given twice"},
		"no warehouse of ours": {
			"{account: default, code: WH-1}", "{outside: true}",
			"warehouses: must name at least one warehouse with its account and code",
		},
		"warehouse as text": {
			"{outside: true}", "WH-9",
			"demo.yaml:12:14: scheme demo: warehouses.CK009: must be a mapping (key: value), not `WH-9`",
		},
		"mode send":    {"form:", "mode: send\n    form:", "mode: a file cannot ask for `send`"},
		"mode unknown": {"form:", "mode: dry\n    form:", "mode: must be `dry_run` or left out, not `dry`"},
		"boolean":      {"form:", "sandbox_only: yes\n    form:", "sandbox_only: must be true or false, not `yes`"},
		"incremental run too fast": {
			"form:", "incremental_interval: 100ms\n    form:",
			"incremental_interval: must be from 200ms to 1h, not 100ms",
		},
		"no duration": {
			"form:", "incremental_interval: 5\n    form:",
			"incremental_interval: must be a time span such as 500ms, 30s, 5m or 24h, not `5`",
		},
		"verify too late": {"form:", "verify_after: 6m\n    form:", "verify_after: must be from 5s to 5m, not 6m"},
		"date without zone": {
			"form:", "effective_from: 2026-05-06\n    form:",
			"effective_from: must be a time with its zone",
		},
		"safety_limits": {
			"form:", "safety_limits: {per_hour: 900}\n    form:",
			"safety_limits.per_day: must be at least per_hour (900), not 500",
		},
		"safety limits not a number": {
			"form:", "safety_limits: {per_hour: many}\n    form:",
			"safety_limits.per_hour: must be a whole number from 1 to 1000000, not `many`",
		},
		"timing": {
			"form:", "timing: {not_found_grace: 24h, not_found_limit: 1h}\n    form:",
			"timing.not_found_limit: must be at least not_found_grace (24h), not 1h",
		},
		"organisations": {
			"form:", "organisations: [100, 100]\n    form:", "organisations: `100` is listed twice",
		},
		"organisations no list": {"form:", "organisations: 100\n    form:", "organisations: must be a list, not `100`"},
		"extend_props key": {
			"order_type: QTRK", "order_type: QTRK\n        extend_props: {1st: bill.note}",
			"`1st` cannot be an XML element",
		},
		"extend_props value": {
			"order_type: QTRK", "order_type: QTRK\n        extend_props: {note: bill.notes}",
			"orders.Assembly.in.extend_props.note: bill has no field `notes`; did you mean `note`?",
		},
		"not YAML":         {"name: demo", "name: [demo", "this is not YAML"},
		"two documents":    {good, good + "---\n" + good, "must hold one YAML document"},
		"empty":            {good, "# nothing\n", "demo.yaml:1:1: the file is empty; it must have the key `schemes`"},
		"no schemes":       {good, "scheme: []", "unknown key `scheme`; did you mean `schemes`?"},
		"schemes is empty": {good, "schemes: []", "schemes: must list 1 to 100 schemes"},
		"a list":           {good, "- name: demo", "must be a mapping (key: value), not a list"},
		"same name twice": {
			good, good + good[len("schemes:\n"):],
			"demo.yaml:13:11: scheme demo: name: two schemes are called `demo`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			schemes, err := scheme.Load([]byte(with(t, tc.old, tc.replacement)), "demo.yaml")
			require.ErrorContains(t, err, tc.want)
			require.Empty(t, schemes)
		})
	}
}

func TestAllFaultsAreReportedAtOnceInOrder(t *testing.T) {
	text := strings.NewReplacer("QTRK", "QTKR", "bill.number", "bill.numbr", "STK_AssembledApp", "X",
		"outside: true", "outside: maybe").Replace(good)
	_, err := scheme.Load([]byte(text), "demo.yaml")
	var problems scheme.Problems
	require.True(t, errors.As(err, &problems))
	var keys []string
	for _, p := range problems {
		require.Equal(t, "demo", p.Scheme)
		require.Equal(t, "demo.yaml", p.File)
		keys = append(keys, p.Key)
	}
	require.Equal(t,
		[]string{"form", "orders.Assembly.in.order_code", "orders.Assembly.in.order_type", "warehouses.CK009.outside"},
		keys[:4])
}

func TestFaultsOfOneSchemeDoNotHideThoseOfAnother(t *testing.T) {
	other := strings.ReplaceAll(good[len("schemes:\n"):], "demo", "other")
	_, err := scheme.Load([]byte(with(t, "QTRK", "XX")+strings.Replace(other, "bill.number", "bill.no", 1)),
		"demo.yaml")
	require.ErrorContains(t, err, "scheme demo: orders.Assembly.in.order_type")
	require.ErrorContains(t, err, "scheme other: orders.Assembly.in.order_code: bill has no field `no`")
}

func TestLoadFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ours.yaml")
	require.NoError(t, os.WriteFile(path, []byte(good), 0o600))
	schemes, err := scheme.LoadFile(path)
	require.NoError(t, err)
	require.Len(t, schemes, 1)

	require.NoError(t, os.WriteFile(path, []byte("schemes: 1"), 0o600))
	_, err = scheme.LoadFile(path)
	require.ErrorContains(t, err, path+":1:10: schemes: must be a list")

	_, err = scheme.LoadFile(path + ".missing")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add(scheme.ShippedDocument())
	f.Add([]byte("schemes: [&a {name: *a}]"))
	f.Add([]byte("schemes:\n  - name: x\n    orders: {Assembly.in: {order_code: 'bill.'}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		schemes, err := scheme.Load(data, "fuzz.yaml")
		if err != nil {
			require.Empty(t, schemes)
			return
		}
		for _, s := range schemes {
			again, err := scheme.Load([]byte("schemes:\n  - "+strings.ReplaceAll(s.Document(), "\n", "\n    ")),
				"again.yaml")
			require.NoError(t, err, s.Document())
			require.Equal(t, s.Hash(), again[0].Hash())
		}
	})
}
