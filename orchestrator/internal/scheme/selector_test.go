package scheme_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
)

// A bill without lines of an entity has none there; it is no bill that cannot be mapped.
func TestEveryEntityOfTheFormIsThere(t *testing.T) {
	s := load(t, with(t, "form:", `selector: bill.lines.products.size() + bill.lines.components.size() == 0
    form:`))
	ours, err := s.Policy(time.Time{}, nil).Selector(rule.Bill{})
	require.NoError(t, err)
	require.True(t, ours)
}

func TestTheSelectorSelectsByFieldsOfTheTenant(t *testing.T) {
	s := load(t, with(t, "form:", `extra_fields: {bill: [F_Pushed], lines: [F_Shop]}
    selector: bill.extra.F_Pushed == "1" && bill.lines.products.all(l, l.extra.F_Shop != "test")
    form:`))
	require.Equal(t, []string{"F_Pushed"}, s.ExtraBillFields)
	require.Equal(t, []string{"F_Shop"}, s.ExtraLineFields)
	when := s.Policy(time.Time{}, nil).Selector
	bill := func(pushed, shop string) rule.Bill {
		return rule.Bill{Extra: map[string]string{"F_Pushed": pushed}, Lines: map[string][]rule.Line{
			"products": {{Extra: map[string]string{"F_Shop": shop}}},
		}}
	}
	for name, tc := range map[string]struct {
		bill rule.Bill
		want bool
	}{
		"pushed":                      {bill("1", "s1"), true},
		"not pushed":                  {bill("0", "s1"), false},
		"a test shop":                 {bill("1", "test"), false},
		"fields that it leaves empty": {rule.Bill{Lines: map[string][]rule.Line{"products": {{}}}}, false},
	} {
		yes, err := when(tc.bill)
		require.NoError(t, err, name)
		require.Equal(t, tc.want, yes, name)
	}
}

func TestASelectorThatCannotBeEvaluatedNamesTheBill(t *testing.T) {
	when := load(t, with(t, "form:", `selector: int(bill.note) > 3
    form:`)).Policy(time.Time{}, nil).Selector
	_, err := when(rule.Bill{Number: "ZZ1", Note: "three"})
	require.ErrorContains(t, err, "scheme demo: bill ZZ1: selector cannot be evaluated")
}

func TestPartsAreReadFromAStoredDocument(t *testing.T) {
	s := load(t, with(t, "form:", `organisations: ["0100", 200]
    triggers: [voided, deleted]
    form:`))
	parts, err := scheme.PartsOf(s.Document())
	require.NoError(t, err)
	require.ElementsMatch(t, []rule.Part{
		{Kind: rule.PartTrigger, Name: "voided"}, {Kind: rule.PartTrigger, Name: "deleted"},
		{Kind: rule.PartOrganisation, Name: "0100"},
		{Kind: rule.PartOrganisation, Name: "200"}, {Kind: rule.PartOrderKind, Name: "Assembly.in"},
		{Kind: rule.PartWarehouse, Name: "CK001"},
	}, parts)
	shipped, err := scheme.PartsOf("orders: {}\n" + strings.Repeat("# older than any of it\n", 2))
	require.NoError(t, err)
	require.ElementsMatch(t,
		[]rule.Part{{Kind: rule.PartTrigger, Name: "voided"}, {Kind: rule.PartOrganisation, Name: "*"}}, shipped)
}
