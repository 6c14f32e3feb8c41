package scheme_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestChangedKeysNameWhatDiffersBesideTheParts(t *testing.T) {
	t.Parallel()
	const before = "name: a\ntitle: x\ntriggers: [voided]\norders:\n" +
		"  Assembly.in: {order_code: bill.number, order_type: QTRK}\nwarehouses:\n  CK1: {account: default, code: W1}\n"
	const after = "name: a\ntriggers: [voided, deleted]\norders:\n" +
		"  Assembly.in: {order_code: bill.note, order_type: QTRK}\n  Assembly.out: {order_code: bill.number}\n" +
		"warehouses:\n  CK1: {account: default, code: W2}\n  CK2: {account: default, code: W3}\n"
	changed, err := scheme.ChangedKeys(before, after)
	require.NoError(t, err)
	require.Equal(t, []string{"orders.Assembly.in.order_code", "title", "warehouses.CK1.code"}, changed)
	changed, err = scheme.ChangedKeys(before, before+"# a comment\n")
	require.NoError(t, err)
	require.Empty(t, changed)
}
