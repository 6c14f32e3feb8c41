package rooms_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// owed ends a run under these safety limits that found one voided bill with an order in each of these warehouses.
func (w *writer) owed(safetyLimits rule.SafetyLimits, id int64, no string, warehouses ...string) {
	w.Helper()
	finish := finishAt(rowtest.Now.Add(time.Minute))
	finish.SafetyLimits = safetyLimits
	_, err := w.store.FinishRun(w.Context(), w.run(), voidedPage(id, no, warehouses...), finish, none)
	require.NoError(w, err)
}

func TestReleasingOneRowDoesNotForgetTheSafetyLimitsCount(t *testing.T) {
	w := setupWriter(t)
	safetyLimits := rule.SafetyLimits{PerHour: 3, PerDay: 10}
	w.owed(safetyLimits, 1, "A1", "WH1", "WH2", "WH3")
	held := w.rows.Cancellation(rowtest.Cancellation{
		BillID: 9, BillNo: "A9", State: "held", HoldReason: "number_reuse_unsaid",
	})
	_, err := w.acts().Release(t.Context(), act(""), []int64{held})
	require.NoError(t, err)
	w.owed(safetyLimits, 2, "A2", "WH1", "WH2", "WH3")
	require.Equal(t, 3, w.count(`select count(*) from cancellation_now where state = 'held' and bill_id = 2`))

	_, err = w.acts().Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	w.owed(safetyLimits, 3, "A3", "WH1", "WH2", "WH3")
	require.Zero(t, w.count(`select count(*) from cancellation_now where state = 'held'`),
		"everything was released: the count begins anew")
}

// A person releases what one safety limit held: nothing that another limit, or a taken number, holds goes with it, and
// the limits count anew only when the last one behind them has gone.
func TestReleasingWhatALimitHeldReleasesOnlyThat(t *testing.T) {
	w := setupWriter(t)
	for warehouse, reason := range map[string]string{
		"a": "safety_limit_hour", "b": "safety_limit_day", "c": "number_reuse_unsaid",
	} {
		w.rows.Cancellation(rowtest.Cancellation{Warehouse: warehouse, State: "held", HoldReason: reason})
	}
	for _, limit := range []string{"safety_limit_hour", "safety_limit_day"} {
		w.rows.Condition(rowtest.Condition{Kind: "safety_limit", Scheme: rowtest.SchemeName, Reason: limit})
	}
	release := func(reason string) (int64, bool) {
		effect, err := w.acts().Operate(t.Context(), ledger.ReleaseHeld, act(""),
			ledger.CancellationFilter{Scheme: rowtest.SchemeName, HoldReason: reason}, ledger.Bounds{Max: 1})
		require.NoError(t, err)
		return effect.Count, w.count(`select count(*) from scheme where safety_limit_reset_time is not null`) == 1
	}
	require.Equal(t, `voidrelay release "assembly" --hold safety_limit_day --reason "……"`, strings.Split(w.text(`
select action from reporting.condition where reason = 'safety_limit_day'`), "：")[1], "the command that does it")
	count, reset := release("safety_limit_hour")
	require.EqualValues(t, 1, count)
	require.False(t, reset)
	require.Equal(t, map[string]string{"a": "open", "b": "held", "c": "held"}, states(t, w.pool))
	require.Equal(t, "safety_limit_day", w.text(`select reason from condition where end_time is null`))
	_, reset = release("safety_limit_day")
	require.True(t, reset)
	require.Equal(t, map[string]string{"a": "open", "b": "open", "c": "held"}, states(t, w.pool))
	require.Zero(t, w.count(openWorkItems))
}

// The safety limit held everything; an hour later, unreleased, new ones must not go through beside what is still held.
func TestAReachedSafetyLimitHoldsUntilItIsReleased(t *testing.T) {
	w := setupWriter(t)
	safetyLimits := rule.SafetyLimits{PerHour: 2, PerDay: 100}
	held := func() int { return w.count(`select count(*) from cancellation_now where state = 'held'`) }
	w.owed(safetyLimits, 1, "A1", "WH1", "WH2", "WH3")
	require.Equal(t, 3, held())
	w.rows.Exec(`update cancellation_now set decide_time = decide_time - interval '61 minutes'`)
	w.owed(safetyLimits, 2, "A2", "WH1", "WH2")
	require.Equal(t, 5, held())
	require.Equal(t, 1, w.count(openWorkItems), "one item for one safety limit")

	_, err := w.acts().Release(t.Context(), act(""), nil)
	require.NoError(t, err)
	w.owed(safetyLimits, 3, "A3", "WH1")
	require.Zero(t, held())
}

// Nothing is held while an hour, or a day, has room; what was decided longer ago does not count.
func TestSafetyLimitsCountEachRollingHourAndDay(t *testing.T) {
	w := setupWriter(t)
	limits := rule.SafetyLimits{PerHour: 2, PerDay: 5}
	later := func(by string) {
		for _, table := range []string{"outcome", "unsettled_cancellation"} {
			w.rows.Exec(`update voidrelay.` + table + ` set decide_time = decide_time - interval '` + by + `'`)
		}
	}
	held := func() string {
		return w.text(`select coalesce(string_agg(bill_no || ' ' || hold_reason, ', ' order by bill_no), '')
			from cancellation_now where state = 'held'`)
	}
	w.owed(limits, 1, "A1", "WH1", "WH2")
	later("61 minutes")
	w.owed(limits, 2, "A2", "WH1", "WH2")
	require.Empty(t, held(), "two an hour")
	later("61 minutes")
	w.owed(limits, 3, "A3", "WH1")
	require.Empty(t, held(), "five a day")
	later("23 hours") // those of A1 and A2 are past the day, that of A3 is not
	w.owed(limits, 4, "A4", "WH1", "WH2")
	require.Empty(t, held())
	w.owed(limits, 5, "A5", "WH1")
	require.Contains(t, held(), "A5 safety_limit_hour")
}

func TestAReachedSafetyLimitHoldsWhatWasTriedInVain(t *testing.T) {
	w := setupWriter(t)
	cancellations := w.lease(w.owe(1, "A1", "WH1", "WH2", "WH3"))
	require.Len(t, cancellations, 3)
	w.result(cancellations[0], rule.NotSent, rule.Next{State: rule.Open})
	w.result(cancellations[1], rule.Unknown, rule.Next{State: rule.Open})
	w.owed(rule.SafetyLimits{PerHour: 3, PerDay: 10}, 2, "A2", "WH9")
	require.Equal(t, "held", w.state(cancellations[0]), "it never left")
	require.Equal(t, "open", w.state(cancellations[1]), "what it came to must be found out")
	require.Equal(t, "open", w.state(cancellations[2]), "it is in flight")
}

// A long run is opened in parts: each counts what went before, and what is above the limit is held.
func TestWhatIsOpenedBeforeTheRunEndsCountsTowardsTheSafetyLimits(t *testing.T) {
	w := setupWriter(t)
	limits := rule.SafetyLimits{PerHour: 3, PerDay: 100}
	run := w.run()
	plan := func(id int64, no string) {
		require.NoError(t, w.store.CommitPage(t.Context(), run, voidedPage(id, no, "WH1", "WH2"), none))
	}
	age := func() {
		_, err := w.pool.Exec(t.Context(), `
update unsettled_cancellation set update_time = update_time - interval '2 minutes' where state = 'planned'`)
		require.NoError(t, err)
	}
	open := func() ledger.Finished {
		opened, err := w.store.OpenLongPlanned(t.Context(), rowtest.SchemeName, limits)
		require.NoError(t, err)
		return opened
	}
	plan(1, "A1")
	schemes, err := w.store.LongPlanned(t.Context())
	require.NoError(t, err)
	require.Empty(t, schemes, "it may still be opened by the end of its run")
	require.Zero(t, open())
	age()
	plan(2, "A2")
	schemes, err = w.store.LongPlanned(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{rowtest.SchemeName}, schemes)
	require.Equal(t, ledger.Finished{Opened: 2}, open(), "what was planned just now waits")
	age()
	require.Equal(t, ledger.Finished{Held: 2, Reached: rule.HoldSafetyLimitHour}, open())
	finish := finishAt(rowtest.Now.Add(time.Minute))
	finish.SafetyLimits = limits
	_, err = w.store.FinishRun(t.Context(), run, voidedPage(3, "A3", "WH1"), finish, none)
	require.NoError(t, err)
	require.Equal(t, "5 of 5", w.text(`select (run_counts->>'orders_new') || ' of ' || (run_counts->>'orders') from run
		where run_id = `+strconv.FormatInt(run.ID, 10)))
	require.Equal(t, "5 held", w.text(`
select count(*) || ' ' || string_agg(distinct state, ' ') from cancellation_now`),
		"nothing had left: a limit that is reached holds what was opened before, too")
}
