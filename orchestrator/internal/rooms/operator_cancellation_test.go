package rooms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

// operator does acts to cancellations of one scheme.
type operator struct {
	*writer
	bounds ledger.Bounds
}

func setupOperator(t *testing.T) *operator {
	return &operator{writer: setupWriter(t), bounds: ledger.Bounds{Max: 100}}
}

func (o *operator) do(verb ledger.Verb, sel ledger.CancellationFilter) ledger.Effect {
	o.Helper()
	sel.Scheme = rowtest.SchemeName
	effect, err := o.acts().Operate(o.Context(), verb, act(""), sel, o.bounds)
	require.NoError(o, err)
	return effect
}

func (o *operator) one(id int64) string {
	o.Helper()
	return o.text(`select state || ' ' || outcome from cancellation_now where cancellation_id = $1`, id)
}

// listed are the cancellations that a list shows.
func (o *operator) listed(f ledger.CancellationFilter) []int64 {
	o.Helper()
	views, err := o.store.CancellationViews(o.Context(), f, ledger.CancellationPage{Limit: 10})
	require.NoError(o, err)
	var ids []int64
	for _, view := range views {
		ids = append(ids, view.CancellationID)
	}
	return ids
}

func these(ids ...int64) ledger.CancellationFilter { return ledger.CancellationFilter{IDs: ids} }

// everyState is a cancellation in each state that an act may meet, by name.
func (o *operator) everyState() map[string]int64 {
	ids := map[string]int64{}
	add := func(name string, c rowtest.Cancellation) {
		c.BillID, c.BillNo, c.Warehouse = int64(len(ids)+1), "A"+fmt.Sprint(len(ids)+1), "WH01"
		o.rows.Bill(rowtest.Bill{ID: c.BillID, No: c.BillNo})
		ids[name] = o.rows.Cancellation(c)
	}
	add("planned", rowtest.Cancellation{State: "planned"})
	add("open", rowtest.Cancellation{Attempt: 1, Disposition: "not_found"})
	add("in flight", rowtest.Cancellation{Attempt: 1})
	add("held", rowtest.Cancellation{State: "held"})
	add("needs_attention", rowtest.Cancellation{State: "needs_attention", Attempt: 3, Disposition: "too_late"})
	add("done", rowtest.Cancellation{State: "done", Attempt: 1, Disposition: "cancelled"})
	add("marked done", rowtest.Cancellation{State: "done", Outcome: "marked_done"})
	add("withdrawn", rowtest.Cancellation{State: "withdrawn"})
	add("dry_run", rowtest.Cancellation{State: "dry_run"})
	add("ignored", rowtest.Cancellation{State: "closed", Outcome: "ignored"})
	o.rows.Exec(`update cancellation_now set lease_until = now() + interval '1 minute' where cancellation_id = $1`,
		ids["in flight"])
	return ids
}

// TestEachActAppliesToItsStates is the table in docs/running.md: an act does something to the states that it is for,
// and says of each other why not.
func TestEachActAppliesToItsStates(t *testing.T) {
	for verb, want := range map[ledger.Verb]map[string]string{
		ledger.Retry: {"open": "open ", "needs_attention": "open ", "marked done": "open ", "ignored": "open "},
		ledger.Ignore: {
			"open": "closed ignored", "held": "closed ignored",
			"needs_attention": "closed ignored", "dry_run": "closed ignored",
		},
		ledger.MarkDone: {
			"open": "done marked_done", "held": "done marked_done", "needs_attention": "done marked_done",
			"dry_run": "done marked_done", "ignored": "done marked_done",
		},
		ledger.ReleaseHeld: {"held": "open "},
	} {
		t.Run(string(verb), func(t *testing.T) {
			o := setupOperator(t)
			ids := o.everyState()
			before := map[string]string{}
			for name, id := range ids {
				before[name] = o.one(id)
			}
			for name, id := range ids {
				effect := o.do(verb, these(id))
				if after, applies := want[name]; applies {
					require.EqualValues(t, 1, effect.Count, name)
					require.Equal(t, after, o.one(id), name)
					continue
				}
				require.Zero(t, effect.Count, name)
				require.EqualValues(t, 1, effect.RefusedCount, name)
				require.NotEmpty(t, effect.Refused[0].Message, name)
				require.Equal(t, before[name], o.one(id), name)
			}
			require.Equal(t, len(want), o.count(`select count(*) from operator_action_cancellation`),
				"each change is kept with who made it")
		})
	}
}

func TestIdsThatTheSchemeDoesNotHaveAreNamed(t *testing.T) {
	o := setupOperator(t)
	o.rows.Scheme(rowtest.Scheme{Scheme: "other"})
	mine := o.rows.Cancellation(rowtest.Cancellation{State: "held", Warehouse: "a"})
	others := o.rows.Cancellation(rowtest.Cancellation{State: "held", Scheme: "other", Warehouse: "b"})
	effect := o.do(ledger.ReleaseHeld, these(mine, others, 999))
	require.EqualValues(t, 1, effect.Count)
	require.EqualValues(t, 2, effect.RefusedCount)
	require.Equal(t, []int64{others, 999}, []int64{effect.Refused[0].CancellationID, effect.Refused[1].CancellationID})
	require.Contains(t, effect.Refused[0].Message, "没有此取消记录")
}

func TestADryRunCountsAndChangesNothing(t *testing.T) {
	o := setupOperator(t)
	ids := o.everyState()
	o.bounds.DryRun = true
	effect := o.do(ledger.Retry, ledger.CancellationFilter{})
	require.True(t, effect.DryRun)
	require.EqualValues(t, 2, effect.Count, "needs_attention and open")
	require.Equal(t, []int64{ids["open"], ids["needs_attention"]}, effect.IDs)
	require.Equal(t, []ledger.Refusal{{CancellationID: ids["in flight"], BillNo: "A3", Message: "请求正在途中，等结果回来再操作"}},
		effect.Refused)
	require.Equal(t, "needs_attention ", o.one(ids["needs_attention"]))
	require.Zero(t, o.count(`select count(*) from operator_action`))
}

func TestMoreThanTheCapIsNotTouched(t *testing.T) {
	o := setupOperator(t)
	for i := range 3 {
		o.rows.Cancellation(rowtest.Cancellation{State: "needs_attention", Warehouse: fmt.Sprint(i)})
	}
	_, err := o.acts().Operate(t.Context(), ledger.Ignore, act(""),
		ledger.CancellationFilter{Scheme: rowtest.SchemeName}, ledger.Bounds{Max: 2})
	var tooMany *ledger.CapError
	require.ErrorAs(t, err, &tooMany)
	require.Equal(t, ledger.CapError{Count: 3, Max: 2}, *tooMany)
	require.Equal(t, 3, o.count(`select count(*) from cancellation_now where state = 'needs_attention'`))
	require.Zero(t, o.count(`select count(*) from operator_action`))
}

func TestAFilterSelectsWhatItSays(t *testing.T) {
	o := setupOperator(t)
	wanted := o.rows.Cancellation(rowtest.Cancellation{
		BillNo: "A1", State: "needs_attention", Warehouse: "a", Disposition: "rejected", VendorMessage: "仓库盘点中 ",
		Created: rowtest.Now.Add(time.Hour),
	})
	o.rows.Work(rowtest.Work{Kind: "rejected", CancellationID: wanted})
	o.rows.Cancellation(rowtest.Cancellation{
		BillNo: "A2", State: "needs_attention", Warehouse: "b", Disposition: "too_late",
	})
	held := o.rows.Cancellation(rowtest.Cancellation{
		BillNo: "A2", State: "held", HoldReason: "number_reuse_unsaid", Warehouse: "c",
	})
	o.bounds.DryRun = true
	for name, sel := range map[string]ledger.CancellationFilter{
		"bill": {BillNo: "A1"}, "warehouse": {WarehouseCode: "a"}, "disposition": {Disposition: "rejected"},
		"text": {VendorMessage: "仓库盘点中"}, "work": {WorkKind: "rejected"},
		"from": {CreatedFrom: rowtest.Now.Add(time.Minute)}, "account": {Account: "default", BillNo: "A1"},
		"to":     {CreatedFrom: rowtest.Now.Add(time.Minute), CreatedTo: rowtest.Now.Add(2 * time.Hour)},
		"states": {States: []string{"needs_attention"}, BillNo: "A1"},
	} {
		require.Equal(t, []int64{wanted}, o.do(ledger.Ignore, sel).IDs, name)
		require.Equal(t, []int64{wanted}, o.listed(sel), "%s, in a list", name)
	}
	require.Equal(t, []int64{held}, o.listed(ledger.CancellationFilter{HoldReason: "number_reuse_unsaid"}))
	require.Equal(t, []int64{held}, o.listed(ledger.CancellationFilter{IDs: []int64{held, 999}}))
	require.Empty(t, o.listed(ledger.CancellationFilter{HoldReason: "number_reuse_unsaid", States: []string{"done"}}))
	require.Equal(t, []int64{held},
		o.do(ledger.Ignore, ledger.CancellationFilter{HoldReason: "number_reuse_unsaid"}).IDs)
	require.Empty(t, o.do(ledger.Ignore, ledger.CancellationFilter{Account: "second"}).IDs)
}

func TestARepeatedActAnswersTheSameAndDoesNothingMore(t *testing.T) {
	o := setupOperator(t)
	id := o.rows.Cancellation(rowtest.Cancellation{State: "needs_attention"})
	once := func(sel ledger.CancellationFilter) (ledger.Effect, error) {
		sel.Scheme = rowtest.SchemeName
		return o.acts().Operate(t.Context(), ledger.Ignore, act("i1"), sel, ledger.Bounds{Max: 100})
	}
	first, err := once(these(id, 999))
	require.NoError(t, err)
	again, err := once(these(id, 999))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.EqualValues(t, 1, again.RefusedCount)
	_, err = once(these(id))
	require.ErrorIs(t, err, ledger.ErrRequestIDReused)
	require.Equal(t, 1, o.count(`select count(*) from operator_action`))
}

// A text is reclassified by two persons' tools with one request id at one moment; no scheme's lock keeps them apart.
func TestOneRequestIDAtOneMomentIsOneReclassification(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "仓库盘点中", "rejected", "failure")
	var calls errgroup.Group
	for range 6 {
		calls.Go(func() error {
			effect, err := o.acts().Reclassify(t.Context(), act("r1"),
				ledger.TextChoice{Text: "仓库盘点中"}, rule.TooLate, ledger.Bounds{Max: 100}, oneTiming)
			if err == nil && effect.Count != 1 {
				err = fmt.Errorf("count %d", effect.Count)
			}
			return err
		})
	}
	require.NoError(t, calls.Wait())
	require.Equal(t, 1, o.count(`select count(*) from operator_action`))
}

// It was asked four times and needs_attention; the warehouse has put it right.
func TestARetryIsVerifiedAndReallyAsksAgain(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.lease(o.owe(1, "A1", "WH1"))[0]
	o.result(cancellation, rule.Rejected, rule.Next{State: rule.NeedsAttention, Work: rule.WorkRejected})
	o.rows.Exec(`update cancellation_now set same_count = 4, answer_changes = 20, maybe_landed = true`)
	o.do(ledger.Retry, these(cancellation.ID))
	again := o.due("A1")[0]
	require.Zero(t, again.SameCount+again.AnswerChanges)
	require.True(t, again.MaybeLanded, "what may have landed is not forgotten")
	require.True(t, again.VerifiedTime.Before(time.Now().AddDate(-1, 0, 0)), "its bill is read before anything is sent")
	require.Zero(t, o.count(openWorkItems))
	require.Equal(t, "retried by li: 试运行结束", o.text(`select close_reason from work_item`))
	require.Equal(t, 1, o.count(`select count(*) from attempt`), "the history stays")

	// The read finds the bill restored: nothing is sent.
	o.committed(again, rule.NoTrigger, time.Now())
	require.Equal(t, "withdrawn", o.state(again))
}

// The answer to the request in flight must not be lost, nor must it undo what a person said.
func TestAnActWaitsForTheAnswerOfWhatIsInFlight(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.lease(o.owe(1, "A1", "WH1"))[0]
	for _, verb := range []ledger.Verb{ledger.Retry, ledger.Ignore, ledger.MarkDone} {
		require.Equal(t, "请求正在途中，等结果回来再操作", o.do(verb, these(cancellation.ID)).Refused[0].Message, verb)
	}
	o.result(cancellation, rule.TooLate, rule.Next{State: rule.NeedsAttention, Work: rule.WorkTooLate})
	require.EqualValues(t, 1, o.do(ledger.Ignore, these(cancellation.ID)).Count)
	// The same attempt's answer once more, by a process that was frozen: it decides nothing.
	o.result(cancellation, rule.Rejected, rule.Next{State: rule.Open})
	require.Equal(t, "closed ignored", o.one(cancellation.ID))
}

func TestMarkingDoneWhatIsLiveAgainIsForAPerson(t *testing.T) {
	o := setupOperator(t)
	o.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Class: "live"})
	id := o.rows.Cancellation(rowtest.Cancellation{
		BillID: 1, BillNo: "A1", State: "needs_attention", Disposition: "too_late",
	})
	o.rows.Work(rowtest.Work{Kind: "too_late", BillID: 1, BillNo: "A1", CancellationID: id})
	o.do(ledger.MarkDone, these(id))
	require.Equal(t, []string{"restored_after_cancel"}, openWorkKinds(t, o.pool))
}

// Somebody cancelled the order by hand before anything was sent, and marked it done; then the bill is restored.
func TestABillRestoredAfterItsOrderWasMarkedDoneIsTold(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.owe(1, "A1", "WH1")[0]
	o.do(ledger.MarkDone, these(cancellation.ID))
	page := voidedPage(1, "A1")
	page.Bills[0].Before = time.Time{}
	var read time.Time
	require.NoError(t, o.pool.QueryRow(t.Context(), `select read_time from bill where bill_id = 1`).Scan(&read))
	page.Bills[0].Before = read
	page.Bills[0].After.State.CancelStatus, page.Bills[0].After.State.DocumentStatus = "A", "C"
	page.Bills[0].After.ReadTime, page.Bills[0].After.Class = time.Now(), rule.ClassLive
	page.Withdraw, page.Restored = []int64{1}, []int64{1}
	page.RunCounts = rule.RunCounts{Rows: 1, RowsOfBills: 1, Bills: 1, Live: 1}
	_, err := o.store.FinishRun(t.Context(), o.run(), page, finishAt(rowtest.Now.Add(2*time.Second)), none)
	require.NoError(t, err)
	require.Equal(t, []string{"restored_after_cancel"}, openWorkKinds(t, o.pool))
}

func TestIgnoringWhatASafetyLimitHoldsClosesItsItemAndKeepsItsCount(t *testing.T) {
	o := setupOperator(t)
	id := o.rows.Cancellation(rowtest.Cancellation{State: "held"})
	o.rows.Condition(atLimit(rowtest.SchemeName))
	o.do(ledger.Ignore, these(id))
	require.Zero(t, o.count(openWorkItems))
	require.Equal(t, 1, o.count(`select count(*) from scheme where safety_limit_reset_time is null`),
		"that these are left alone does not say that the next ones are meant")
}

func TestAnActOfAnUnknownSchemeIsRefused(t *testing.T) {
	o := setupOperator(t)
	_, err := o.acts().Operate(t.Context(), ledger.Retry, act(""), ledger.CancellationFilter{Scheme: "nope"}, o.bounds)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

// What was counted is what is touched: a person looked at two of them, and agreed to these.
func TestAnActWithATokenTouchesWhatItsDryRunCounted(t *testing.T) {
	o := setupOperator(t)
	bills := int64(0)
	add := func(no string) int64 {
		bills++
		return o.rows.Cancellation(rowtest.Cancellation{
			BillID: bills, BillNo: no, State: "needs_attention", Attempt: 1, Disposition: "rejected",
		})
	}
	one, two := add("A1"), add("A2")
	counted := func(verb ledger.Verb) ledger.Bounds {
		effect, err := o.acts().Operate(t.Context(), verb, act(""),
			ledger.CancellationFilter{Scheme: rowtest.SchemeName}, ledger.Bounds{DryRun: true})
		require.NoError(t, err)
		require.NotEmpty(t, effect.Token)
		return ledger.Bounds{Max: 100, Token: effect.Token}
	}
	refused := func(b ledger.Bounds, count int64) {
		t.Helper()
		_, err := o.acts().Operate(t.Context(), ledger.Ignore, act(""),
			ledger.CancellationFilter{Scheme: rowtest.SchemeName}, b)
		var changed *ledger.ChangedError
		require.ErrorAs(t, err, &changed)
		require.Equal(t, count, changed.Count)
		require.Zero(t, o.count(`select count(*) from cancellation_now where state = 'closed'`))
	}
	b := counted(ledger.Ignore)
	require.Equal(t, b, counted(ledger.Ignore), "nothing has changed")
	refused(counted(ledger.Retry), 2)
	o.rows.Exec(`update cancellation_now set attempt = 2, disposition = 'too_late' where cancellation_id = $1`, one)
	refused(b, 2)
	o.rows.Exec(`update cancellation_now set attempt = 1 where cancellation_id = $1`, one)
	o.rows.Exec(`update cancellation_now set state = 'open' where cancellation_id = $1`, two)
	refused(b, 2)
	o.rows.Exec(`update cancellation_now set state = 'needs_attention' where cancellation_id = $1`, two)
	third := add("A3")
	refused(b, 3)
	o.rows.Exec(`update cancellation_now set state = 'withdrawn', outcome_time = now() where cancellation_id = $1`,
		third)
	effect, err := o.acts().Operate(t.Context(), ledger.Ignore, act(""),
		ledger.CancellationFilter{Scheme: rowtest.SchemeName}, b)
	require.NoError(t, err)
	require.Equal(t, []int64{one, two}, effect.IDs)
}
