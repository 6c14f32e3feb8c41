package scheme_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// good is a small valid file; tests change lines of it. Line 1 is "schemes:".
const good = `schemes:
  - name: demo
    form: STK_AssembledApp
    kingdee: {data_center: dc-1}
    orders:
      Assembly.in:
        lines: products
        order_code: bill.number
        order_type: QTRK
    warehouses:
      CK001: {account: default, code: WH-1}
      CK009: {outside: true}
`

// with is good with one text replaced.
func with(t *testing.T, old, replacement string) string {
	t.Helper()
	require.Contains(t, good, old)
	return strings.Replace(good, old, replacement, 1)
}

// load loads exactly one scheme.
func load(t *testing.T, text string) *scheme.Scheme {
	t.Helper()
	schemes, err := scheme.Load([]byte(text), "demo.yaml")
	require.NoError(t, err)
	require.Len(t, schemes, 1)
	return schemes[0]
}
