package rule_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// classes are all that a bill can come to.
var classes = []rule.Class{
	rule.ClassLive, rule.ClassUnchanged, rule.ClassVoided, rule.ClassUnAudited,
	rule.ClassNeverAudited, rule.ClassNeverSeenLive, rule.ClassBeforeCutover,
	rule.ClassNotSelected, rule.ClassOutside, rule.ClassStale, rule.ClassUndecodable, rule.ClassDeleted,
}

func TestRunCountsMustAddUp(t *testing.T) {
	var f rule.RunCounts
	require.NoError(t, f.Check())
	for _, c := range classes {
		f.Bills++
		f.Count(c)
		require.NoError(t, f.Check(), c)
	}
	f.Rows, f.RowsOfBills, f.RowsOfProblems = 12, 9, 3
	f.Orders, f.OrdersNew, f.OrdersAlreadyOwed, f.OrdersHeld, f.OrdersNotInScheme, f.OrdersNoWarehouse = 15, 1, 2, 3,
		4, 5
	require.NoError(t, f.Check())

	rows, bills, orders := f, f, f
	rows.RowsOfProblems--
	require.EqualError(t, rows.Check(), "the run counts do not add up: 12 rows read, 11 accounted for")
	bills.Count("forgotten")
	bills.Bills++
	require.EqualError(t, bills.Check(), "the run counts do not add up: 13 bills read, 12 accounted for")
	orders.OrdersHeld++
	require.EqualError(t, orders.Check(), "the run counts do not add up: 15 orders read, 16 accounted for")
}

func TestRunCountsOfPagesAdd(t *testing.T) {
	var one rule.RunCounts
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		v.Field(i).SetInt(int64(i + 1))
	}
	sum := one
	sum.Add(one)
	got := reflect.ValueOf(sum)
	for i := range got.NumField() {
		require.Equal(t, int64(2*(i+1)), got.Field(i).Int(), got.Type().Field(i).Name)
	}
}

func TestSafetyLimits(t *testing.T) {
	b := rule.SafetyLimits{PerHour: 100, PerDay: 500}
	for name, tc := range map[string]struct {
		hour, day, fresh int64
		want             rule.HoldReason
	}{
		"nothing new never trips":   {1000, 9000, 0, ""},
		"up to the limits":          {60, 460, 40, ""},
		"one more than an hour has": {60, 60, 41, rule.HoldSafetyLimitHour},
		"one more than a day has":   {60, 461, 40, rule.HoldSafetyLimitDay},
		"both: the nearer one":      {100, 500, 1, rule.HoldSafetyLimitHour},
		"a flood at once":           {0, 0, 10_000, rule.HoldSafetyLimitHour},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, b.Trip(tc.hour, tc.day, tc.fresh))
		})
	}
}
