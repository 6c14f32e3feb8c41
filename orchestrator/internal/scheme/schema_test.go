package scheme

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// The schema, the decoder and the rules' structs must list the same keys: an editor that offers a key which Load
// refuses is worse than none.
func TestSchemaListsTheKeysThatLoadTakes(t *testing.T) {
	var s struct {
		Properties map[string]any
		Defs       map[string]json.RawMessage `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(Schema(), &s))
	keys := func(def string, path ...string) []string {
		var at struct{ Properties map[string]json.RawMessage }
		require.NoError(t, json.Unmarshal(s.Defs[def], &at), def)
		for _, p := range path {
			raw := at.Properties[p]
			at.Properties = nil
			require.NoError(t, json.Unmarshal(raw, &at), p)
		}
		return slices.Sorted(maps.Keys(at.Properties))
	}
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	kinds, _ := kindNames(&Scheme{})

	require.Equal(t, sorted(topKeys), slices.Sorted(maps.Keys(s.Properties)))
	require.Equal(t, sorted(schemeKeys), keys("scheme"))
	require.Equal(t, sorted(kingdeeKeys), keys("scheme", "kingdee"))
	require.Equal(t, sorted(unAuditKeys), keys("scheme", "un_audited"))
	require.Equal(t, sorted(extraKeys), keys("scheme", "extra_fields"))
	require.Equal(t, sorted(safetyLimitKeys), keys("scheme", "safety_limits"))
	require.Equal(t, sorted(timingKeys), keys("scheme", "timing"))
	require.Equal(t, sorted(kinds), keys("scheme", "orders"))
	require.Equal(t, sorted(orderKindKeys), keys("order_kind"))
	require.Equal(t, sorted(exampleKeys), keys("example"))
	require.Equal(t, sorted(orderKeys), keys("order"))
	require.Equal(t, sorted(celNames(reflectBill)), keys("bill"))
	require.Equal(t, sorted(celNames(reflectLine)), keys("line"))
	var bills, lines []string
	for _, f := range form.All {
		bills, lines = append(bills, f.Fields...), append(lines, f.LineFields()...)
	}
	require.Equal(t, slices.Compact(sorted(bills)), keys("bill", "fields"))
	require.Equal(t, slices.Compact(sorted(lines)), keys("line", "fields"))

	var warehouse struct {
		OneOf []struct{ Properties map[string]any }
	}
	require.NoError(t, json.Unmarshal(s.Defs["warehouse"], &warehouse))
	require.Equal(t, sorted(warehouseKeys), slices.Sorted(maps.Keys(warehouse.OneOf[0].Properties)))
}

func TestSchemaReferencesExist(t *testing.T) {
	var whole any
	require.NoError(t, json.Unmarshal(Schema(), &whole))
	defs := whole.(map[string]any)["$defs"].(map[string]any)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				require.Contains(t, defs, ref[len("#/$defs/"):])
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(whole)
}

// Every field of the rules' structs must be visible to mappings and examples, under a name of its own, or be hidden on
// purpose.
func TestRuleStructsAreFullyTagged(t *testing.T) {
	for _, typ := range []reflect.Type{reflectBill, reflectOrder, reflectLine} {
		names := celNames(typ)
		require.NotContains(t, names, "", typ.String())
		hidden := 0
		for i := range typ.NumField() {
			if typ.Field(i).Tag.Get("cel") == "-" {
				hidden++
			}
		}
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), typ.NumField()-hidden, typ.String())
	}
	require.Equal(t, "rule.Bill", reflect.TypeFor[rule.Bill]().String(), "the CEL type name is package and struct")
}
