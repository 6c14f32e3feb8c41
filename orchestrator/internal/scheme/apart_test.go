package scheme_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// Rule 3 (docs/rules.md): two schemes that could own one order are refused, with both names and what to change.
func TestTwoSchemesThatCouldOwnOneOrderAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		old, replacement string
		apart            bool
	}{
		"a copy":                 {"form:", "form:", false},
		"another account":        {"account: default", "account: second", true},
		"another warehouse code": {"code: WH-1", "code: WH-2", true},
		"another order type":     {"order_type: QTRK", "order_type: QTCK", true},
		"a type in CEL":          {"order_type: QTRK", "order_type: '\"QT\" + \"CK\"'", false},
		"organisations of one":   {"form:", "organisations: [\"200\"]\n    form:", false},
		"another data centre":    {"data_center: dc-1", "data_center: dc-2", true},
	} {
		t.Run(name, func(t *testing.T) {
			second := strings.TrimPrefix(with(t, c.old, c.replacement), "schemes:\n")
			second = strings.Replace(second, "demo", "other", 1)
			_, err := scheme.Load([]byte(good+second), "demo.yaml")
			if c.apart {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "the schemes demo and other could both own an order: give them other WMS "+
				"accounts, organisations, warehouse codes or constant order types")
		})
	}
	of := func(org string) string {
		return strings.Replace(good, "form:", "organisations: [\""+org+"\"]\n    form:", 1)
	}
	second := strings.Replace(strings.TrimPrefix(of("200"), "schemes:\n"), "demo", "other", 1)
	_, err := scheme.Load([]byte(of("100")+second), "demo.yaml")
	require.NoError(t, err, "their organisations keep them apart")
}
