package rule_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// keptClasses are the classes that a bill can have in the ledger.
var keptClasses = []rule.Class{
	rule.ClassLive, rule.ClassVoided, rule.ClassUnAudited, rule.ClassNeverAudited, rule.ClassNeverSeenLive,
	rule.ClassBeforeCutover, rule.ClassNotSelected, rule.ClassOutside, rule.ClassUndecodable, rule.ClassDeleted,
}

// bits are facts as bits, so that all of their combinations can be walked.
func bits(t *testing.T, facts []rule.Fact) (set uint32) {
	t.Helper()
	for _, fact := range facts {
		i := slices.Index(rule.Facts(), fact)
		require.GreaterOrEqual(t, i, 0, "%s is no fact", fact)
		require.Zero(t, set&(1<<i), "%s stands twice", fact)
		set |= 1 << i
	}
	return set
}

// Whatever is true of a bill, one row of the table decides; and each row decides for some bill.
func TestEveryBillHasOneVerdictAndEveryRowDecidesForSomeBill(t *testing.T) {
	t.Parallel()
	rows := rule.VerdictRows()
	needs := make([]uint32, len(rows))
	for i, row := range rows {
		needs[i] = bits(t, row.Facts)
		for _, class := range row.Classes {
			require.Contains(t, keptClasses, class)
		}
	}
	decides := make([]bool, len(rows))
	for _, class := range keptClasses {
		var about []int
		for i, row := range rows {
			if len(row.Classes) == 0 || slices.Contains(row.Classes, class) {
				about = append(about, i)
			}
		}
		for set := range uint32(1) << len(rule.Facts()) {
			first := slices.IndexFunc(about, func(i int) bool { return needs[i]&set == needs[i] })
			if first < 0 {
				t.Fatalf("no row fits a %s bill with facts %b", class, set)
			}
			decides[about[first]] = true
		}
	}
	for i, row := range rows {
		require.True(t, decides[i], "row %d never decides: %v", i, row)
		class := keptClasses[0]
		if len(row.Classes) > 0 {
			class = row.Classes[0]
		}
		decided := rule.VerdictOn(class, row.Facts)
		require.LessOrEqual(t,
			slices.IndexFunc(rows, func(r rule.VerdictRow) bool { return r.Chinese == decided.Chinese }), i)
	}
}

func TestEveryVerdictAndItsReasonsHaveTheirWords(t *testing.T) {
	t.Parallel()
	names := []string{
		"{work}", "{hold}", "{class_reason}", "{because}", "{owed}", "{done}", "{held}", "{needs_attention}",
		"{too_late}", "{left_alone}", "{blocked}",
	}
	given := map[rule.Verdict]bool{}
	for _, row := range rule.VerdictRows() {
		given[row.Verdict] = true
		for _, words := range []string{row.Chinese, row.English} {
			require.NotEmpty(t, words)
			for _, name := range names {
				words = strings.ReplaceAll(words, name, "")
			}
			require.NotContains(t, words, "{")
		}
		explained := slices.Contains(row.Facts, rule.FactExplained)
		require.Equal(t, explained, strings.Contains(row.Chinese, "{because}"), row)
		require.Equal(t, explained, strings.Contains(row.English, "{because}"), row)
	}
	glossary := readPage(t, "reporting.md")
	for _, verdict := range rule.Verdicts() {
		require.True(t, given[verdict], verdict)
		chinese, english := verdict.Words()
		require.NotEmpty(t, english)
		require.Contains(t, glossary, "| "+chinese+" | `"+string(verdict)+"` |")
	}
	require.Len(t, given, len(rule.Verdicts()))
	for _, reason := range rule.ClassReasons() {
		require.Equal(t, strings.HasPrefix(reason.Reason, rule.ReasonCutover),
			strings.Contains(reason.Chinese, "{part}"))
		require.Equal(t, strings.Contains(reason.Chinese, "{part}"), strings.Contains(reason.English, "{part}"))
	}
}

// A few of the combinations, as people would say them.
func TestWhatOutweighsWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class   rule.Class
		facts   []rule.Fact
		verdict rule.Verdict
		chinese string
	}{
		{
			rule.ClassVoided, []rule.Fact{rule.FactWork, rule.FactDone, rule.FactMoving},
			rule.VerdictNeedsPerson, "{work}",
		},
		{rule.ClassUndecodable, []rule.Fact{rule.FactDone}, rule.VerdictNeedsPerson, "单据无法识别：{class_reason}"},
		{
			rule.ClassLive, []rule.Fact{rule.FactDryRun, rule.FactOwed}, rule.VerdictNothingOwed,
			"单据已恢复有效，取消已撤回",
		},
		{
			rule.ClassVoided, []rule.Fact{rule.FactMoving, rule.FactDone, rule.FactBlocked, rule.FactDwelling},
			rule.VerdictInProgress, "{blocked}；之后继续取消：共 {owed} 个仓库单，已取消 {done} 个",
		},
		{rule.ClassVoided, []rule.Fact{rule.FactBlocked, rule.FactDone}, rule.VerdictCancelled, "{done} 个仓库单已全部取消"},
		{
			rule.ClassVoided, []rule.Fact{rule.FactTooLate, rule.FactLeftAlone}, rule.VerdictTooLate,
			"仓库已执行，{too_late} 个仓库单来不及取消",
		},
		{rule.ClassVoided, nil, rule.VerdictNothingOwed, "没有属于方案范围的仓库单"},
	} {
		row := rule.VerdictOn(c.class, c.facts)
		require.Equal(t, c.verdict, row.Verdict, "%v", c)
		require.Equal(t, c.chinese, row.Chinese, "%v", c)
	}
}
