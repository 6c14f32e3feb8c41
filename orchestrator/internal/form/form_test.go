package form_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// Each table names its entities once, and makes orders of entities and of kinds that it names.
func TestFormsAreWhole(t *testing.T) {
	for _, f := range form.All {
		found, ok := form.Of(f.ID)
		require.True(t, ok)
		require.Equal(t, f.ID, found.ID)
		names, kinds := map[string]bool{}, map[rule.OrderKind]bool{}
		for _, source := range f.Sources() {
			require.False(t, names[source], "%s: two entities are called %s", f.ID, source)
			names[source] = true
		}
		for _, order := range f.Orders {
			require.True(t, names[string(order.Lines)], "%s: %s is of lines that the form has not", f.ID, order.Kind)
			require.False(t, kinds[order.Kind], "%s: two orders are %s", f.ID, order.Kind)
			kinds[order.Kind] = true
			_, known := f.Kind(order.Kind.BillKind)
			require.True(t, known, "%s: %s is of a kind that the form has not", f.ID, order.Kind)
		}
	}
	_, ok := form.Of("PUR_PurchaseOrder")
	require.False(t, ok)
}

var inFields = regexp.MustCompile("`([^`]+)` \\*fields\\*")

// fieldsIn are the names of a table of the page that lead to an entry of fields.
func fieldsIn(table string) []string {
	var names []string
	for _, one := range inFields.FindAllStringSubmatch(table, -1) {
		names = append(names, one[1])
	}
	return names
}

var unkeyed = regexp.MustCompile("(?m)^\\|  \\|.*open: `([^`]+)`")

var openKey = regexp.MustCompile("open: `([^`]+)`")

// The adapter reads by a table of its own, which this program does not see; the page that is made of that one says what
// is in it.
func TestTheAdapterKnowsTheSameFormsEntitiesKindsAndFields(t *testing.T) {
	page, err := os.ReadFile("../../../docs/kingdee-forms.md")
	require.NoError(t, err)
	for _, f := range form.All {
		_, section, found := strings.Cut(string(page), "## "+f.ID+" "+f.Title+"\n")
		require.True(t, found, f.ID)
		section, _, _ = strings.Cut(section, "\n## ")
		if len(f.Kinds) > 0 {
			require.Contains(t, section, "Its kinds are "+strings.Join(f.Kinds, " and ")+".")
		} else {
			require.NotContains(t, section, "Its kinds are")
		}
		ends := "A bill ends voided."
		if f.Closes {
			ends = "A bill ends voided, or where a request says so closed."
		}
		require.Contains(t, section, ends)
		var open []string
		for _, one := range openKey.FindAllStringSubmatch(section, -1) {
			open = append(open, one[1])
		}
		require.Equal(t, open, f.Open, "%s: columns that are open", f.ID)
		var none []string
		for _, one := range unkeyed.FindAllStringSubmatch(section, -1) {
			none = append(none, one[1])
		}
		require.Equal(t, none, f.Unkeyed, "%s: columns without a key", f.ID)
		head, _, _ := strings.Cut(section, "\nLines of `")
		require.Equal(t, fieldsIn(head), f.Fields, "%s: columns of the head that are in fields", f.ID)
		for i, entity := range f.Lines {
			_, table, _ := strings.Cut(section, "\nLines of `"+entity.Entity+"`")
			table, _, _ = strings.Cut(table, "\nLines of `")
			require.Equal(t, fieldsIn(table), entity.Fields, "%s %s: columns that are in fields", f.ID, entity.Entity)
			require.Contains(t, section,
				"Lines of `"+entity.Entity+"`, "+[]string{"read with the head", "read where"}[min(i, 1)])
		}
	}
}
