package migrate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// decided is a bill with a scheme of its own, of which some facts of the verdict's decision table are true.
type decided struct {
	scheme string
	class  rule.Class
	facts  []rule.Fact
}

// stagings are the cancellations that make a fact true, and whether they count among the orders that were owed.
var stagings = map[rule.Fact]struct {
	row     rowtest.Cancellation
	counted bool
}{
	rule.FactHeld:           {rowtest.Cancellation{State: "held", HoldReason: "no_words_for_it"}, true},
	rule.FactNeedsAttention: {rowtest.Cancellation{State: "needs_attention", Disposition: "rejected"}, true},
	rule.FactAwaitsText:     {rowtest.Cancellation{State: "open"}, true},
	rule.FactDryRun:         {rowtest.Cancellation{State: "dry_run"}, false},
	rule.FactOwed:           {rowtest.Cancellation{State: "withdrawn"}, false},
	rule.FactMoving:         {rowtest.Cancellation{State: "open"}, true},
	rule.FactDone:           {rowtest.Cancellation{State: "done", Disposition: "cancelled"}, true},
	rule.FactTooLate:        {rowtest.Cancellation{State: "closed", Disposition: "too_late"}, true},
	rule.FactLeftAlone:      {rowtest.Cancellation{State: "closed", Disposition: "rejected", Outcome: "ignored"}, true},
	rule.FactNoOrder: {
		rowtest.Cancellation{State: "closed", Disposition: "not_found", Outcome: "no_order"}, false,
	},
	rule.FactOrderClaimed: {rowtest.Cancellation{State: "withdrawn", Outcome: "order_claimed"}, false},
}

// possible are the facts that go together with these, without what cannot be true beside them: only what is on its way
// waits for something, and a cancellation that is held is owed.
func possible(facts []rule.Fact) []rule.Fact {
	holds := make(map[rule.Fact]bool)
	for _, fact := range facts {
		holds[fact] = true
	}
	holds[rule.FactHeld] = holds[rule.FactHeld] || holds[rule.FactHeldKnown]
	for fact := range stagings {
		holds[rule.FactOwed] = holds[rule.FactOwed] || holds[fact]
	}
	holds[rule.FactMoving] = holds[rule.FactMoving] || holds[rule.FactAwaitsText]
	if !holds[rule.FactMoving] {
		delete(holds, rule.FactBlocked)
		delete(holds, rule.FactDwelling)
		delete(holds, rule.FactClaimUnconfirmed)
	}
	return slices.DeleteFunc(rule.Facts(), func(fact rule.Fact) bool { return !holds[fact] })
}

func (d decided) is(fact rule.Fact) bool { return slices.Contains(d.facts, fact) }

func (d decided) classReason() string {
	if d.is(rule.FactExplained) {
		return rule.ReasonCutover + ":warehouse:CK07"
	}
	return "FBillNo"
}

func (d decided) stage(rows rowtest.DB) {
	mode := "send"
	if d.is(rule.FactOnlyWatching) {
		mode = "dry_run"
	}
	rows.Scheme(rowtest.Scheme{Scheme: d.scheme, Mode: mode})
	if d.is(rule.FactBlocked) {
		rows.Condition(rowtest.Condition{Kind: "paused", Scheme: d.scheme, Detail: "li: 盘点"})
	}
	if d.is(rule.FactInactive) {
		rows.Exec(`update voidrelay.scheme set active = false where scheme = $1`, d.scheme)
	}
	rows.Bill(rowtest.Bill{Scheme: d.scheme, ID: 1, No: d.scheme, Class: string(d.class), ClassReason: d.classReason()})
	for _, fact := range d.facts {
		staging, ok := stagings[fact]
		if !ok {
			continue
		}
		row := staging.row
		row.Scheme, row.BillID, row.BillNo, row.Warehouse = d.scheme, 1, d.scheme, string(fact)
		if fact == rule.FactHeld && d.is(rule.FactHeldKnown) {
			row.HoldReason = string(rule.HoldSafetyLimitDay)
		}
		id := rows.Cancellation(row)
		if fact == rule.FactAwaitsText {
			rows.AnswerText(d.scheme, true, id)
		}
	}
	if d.is(rule.FactDwelling) {
		rows.Exec(`update voidrelay.cancellation_now set not_before = now() + interval '1 day'
where scheme = $1 and state = 'open'`, d.scheme)
	}
	if d.is(rule.FactClaimUnconfirmed) {
		rows.Exec(`update voidrelay.cancellation_now set claimed_since = now() where scheme = $1 and state = 'open'`,
			d.scheme)
	}
	if d.is(rule.FactWork) {
		rows.Work(rowtest.Work{
			Scheme: d.scheme, BillID: 1, BillNo: d.scheme, Kind: "warehouse_not_mapped", Subject: "CK09",
		})
	}
}

// wanted is what the rules say of the bill: verdict, its word and the reason.
func (d decided) wanted(beside ...rule.Fact) string {
	row := rule.VerdictOn(d.class, append(beside, d.facts...))
	owed := 0
	for _, fact := range d.facts {
		if stagings[fact].counted {
			owed++
		}
	}
	one := func(fact rule.Fact) string {
		if d.is(fact) {
			return "1"
		}
		return "0"
	}
	chinese, _ := row.Verdict.Words()
	return fmt.Sprint(row.Verdict, " ", chinese, " ", strings.NewReplacer(
		"{blocked}", "方案已由人工暂停发送", "{work}", "仓库不在方案的仓库对照表内（CK09）", "{hold}", "一天内新取消数量超过上限，未发出的全部待放行",
		"{class_reason}", d.classReason(), "{because}", "发生在方案加入仓库 CK07 之前", "{owed}", strconv.Itoa(owed),
		"{done}", one(rule.FactDone), "{held}", one(rule.FactHeld), "{needs_attention}", one(rule.FactNeedsAttention),
		"{too_late}", one(rule.FactTooLate), "{left_alone}", one(rule.FactLeftAlone)).Replace(row.Chinese))
}

// TestTheLedgerDecidesAVerdictAsTheRulesDo stages a bill for each row of the decision table and each of its classes,
// and some hundred with whatever facts, and asks the view.
func TestTheLedgerDecidesAVerdictAsTheRulesDo(t *testing.T) {
	pool := openLedger(t)
	rows := rowtest.New(t, pool)
	classes := []rule.Class{
		rule.ClassLive, rule.ClassVoided, rule.ClassUnAudited, rule.ClassNeverAudited, rule.ClassNeverSeenLive,
		rule.ClassBeforeCutover,
		rule.ClassNotSelected, rule.ClassOutside, rule.ClassUndecodable, rule.ClassDeleted,
	}
	var bills []decided
	add := func(class rule.Class, facts []rule.Fact) {
		bills = append(bills, decided{fmt.Sprintf("s%03d", len(bills)), class, possible(facts)})
	}
	for _, row := range rule.VerdictRows() {
		about := row.Classes
		if len(about) == 0 {
			about = classes
		}
		for _, class := range about {
			add(class, row.Facts)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var facts []rule.Fact
		for _, fact := range rule.Facts() {
			if random.IntN(5) == 0 {
				facts = append(facts, fact)
			}
		}
		add(classes[random.IntN(len(classes))], facts)
	}
	for _, bill := range bills {
		bill.stage(rows)
	}
	verdicts := func() map[string]string {
		found, err := pool.Query(t.Context(), `
select scheme, verdict_code || ' ' || verdict || ' ' || reason from reporting.bill_verdict`)
		require.NoError(t, err)
		said := make(map[string]string)
		var scheme, verdict string
		_, err = pgx.ForEachRow(found, []any{&scheme, &verdict}, func() error {
			require.NotContains(t, said, scheme)
			said[scheme] = verdict
			return nil
		})
		require.NoError(t, err)
		return said
	}

	given := verdicts()
	require.Len(t, given, len(bills))
	for _, bill := range bills {
		require.Equal(t, bill.wanted(), given[bill.scheme], "%s %v", bill.class, bill.facts)
	}
}
