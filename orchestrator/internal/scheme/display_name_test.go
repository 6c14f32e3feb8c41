package scheme_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

func TestNamesAreShortAndPrintable(t *testing.T) {
	named := func(name string) string {
		return strings.Replace(good, "code: WH-1}", "code: WH-1, name: "+name+"}", 1) +
			"    organisation_names: {\"100\": " + name + "}\n"
	}
	s := load(t, named("杭州 1 号仓"))
	warehouse, listed := s.Warehouse("CK001")
	require.True(t, listed)
	require.Equal(t, "杭州 1 号仓", warehouse.Name)
	require.Equal(t, map[string]string{"100": "杭州 1 号仓"}, s.OrganisationNames)
	for name, want := range map[string]string{
		`"a\u001b[31mb"`:        "must not have control characters",
		`"a\u202eb"`:            "must not have control characters",
		strings.Repeat("仓", 51): "must have at most 50 characters",
	} {
		_, err := scheme.Load([]byte(named(name)), "demo.yaml")
		require.ErrorContains(t, err, "warehouses.CK001.name: "+want)
		require.ErrorContains(t, err, "organisation_names.100: "+want)
	}
}
