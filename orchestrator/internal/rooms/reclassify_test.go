package rooms_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/orchestrator/internal/testkit/rowtest"
)

func oneTiming(string) rule.Timing { return rule.DefaultTiming() }

// answered is a needs_attention cancellation of a voided bill whose last answer was this; it answers its id.
func (o *operator) answered(no, text, disposition, flag string) int64 {
	o.Helper()
	id := int64(o.count(`select count(*) from cancellation_now`) + 1)
	o.rows.Bill(rowtest.Bill{ID: id, No: no})
	cancellation := o.rows.Cancellation(rowtest.Cancellation{
		BillID: id, BillNo: no, State: "needs_attention", Disposition: disposition, VendorMessage: text, Attempt: 4,
	})
	o.rows.Attempt(rowtest.Attempt{
		CancellationID: cancellation, Attempt: 4, Disposition: disposition, VendorMessage: text, VendorCode: "1",
	})
	o.rows.Exec(`update attempt set vendor_flag = $2 where cancellation_id = $1`, cancellation, flag)
	o.rows.Exec(`update cancellation_now set same_disposition = disposition, same_count = 4,
    same_since = now() - interval '22 minutes' where cancellation_id = $1`, cancellation)
	textID := o.rows.AnswerText(text, flag == "success", cancellation)
	o.rows.Exec(`update attempt set text_id = $2 where cancellation_id = $1`, cancellation, textID)
	subject := strconv.FormatInt(textID, 10)
	if o.count(`select count(*) from work_item where subject = $1 and close_time is null`, subject) == 0 {
		o.rows.Work(rowtest.Work{Kind: "answer_unrecognised", Subject: subject})
	}
	return cancellation
}

func (o *operator) reclassify(text, disposition string) ledger.Effect {
	o.Helper()
	effect, err := o.acts().Reclassify(o.Context(), act(""), ledger.TextChoice{Text: text},
		rule.Disposition(disposition), o.bounds, oneTiming)
	require.NoError(o, err)
	return effect
}

func TestAReclassifiedTextDecidesAsTheTableSays(t *testing.T) {
	for disposition, want := range map[string]string{
		"already_cancelled": "done already_cancelled", "too_late": "needs_attention ", "rejected": "needs_attention ",
		"in_progress": "open ", "not_found": "open ",
	} {
		t.Run(disposition, func(t *testing.T) {
			o := setupOperator(t)
			cancellation := o.answered("A1", "单据已作废处理", "rejected", "failure")
			other := o.answered("A2", "仓库盘点中", "rejected", "failure")
			effect := o.reclassify(" 单据已作废处理\n", disposition)
			require.EqualValues(t, 1, effect.Count)
			require.False(t, effect.Text.Success)
			require.Equal(t, want, o.one(cancellation))
			require.Equal(t, "needs_attention ", o.one(other))
			require.Equal(t, "rejected",
				o.text(`select disposition from attempt where cancellation_id = $1`, cancellation),
				"what it was taken for then")
			require.Equal(t, disposition,
				o.text(`select disposition from cancellation_now where cancellation_id = $1`, cancellation))
			if want == "open " {
				require.Equal(t, 1, o.count(`select count(*) from cancellation_now
where state = 'open' and verified_time < now() - interval '1 year' and due_time > now()`))
			}
		})
	}
}

func TestTooLateByReclassificationAsksForAPerson(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "已上架", "rejected", "failure")
	effect := o.reclassify("已上架", "too_late")
	require.Equal(t, map[string]int64{"needs_attention": 1}, effect.Outcomes)
	require.Equal(t, []string{"too_late"}, openWorkKinds(t, o.pool))
	require.Equal(t, "来不及", o.text(`select verdict from reporting.bill_verdict where bill_no = 'A1'`))
}

func TestAPreviewOfAReclassificationTellsWhatItWouldSettle(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "已撤单", "rejected", "failure")
	o.answered("A2", "已撤单", "rejected", "failure")
	o.bounds.DryRun = true
	effect := o.reclassify("已撤单", "already_cancelled")
	require.Equal(t, map[string]int64{"done": 2}, effect.Outcomes)
	require.Equal(t, 2, o.count(`select count(*) from cancellation_now where state = 'needs_attention'`))
	require.Zero(t, o.count(`select count(*) from operator_action`))
}

// The order was not found within half an hour of the first answer, but the text has been given for a day.
func TestANotFoundByReclassificationCountsFromTheFirstAnswer(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.answered("A1", "查无此单号", "rejected", "failure")
	o.rows.Exec(`update cancellation_now set same_since = now() - interval '25 hours', evidence = 'weak'`)
	require.Equal(t, map[string]int64{"closed": 1}, o.reclassify("查无此单号", "not_found").Outcomes)
	require.Equal(t, "closed no_order", o.one(cancellation))
}

func TestAFailureIsNeverReclassifiedAsAFreshCancel(t *testing.T) {
	o := setupOperator(t)
	failed := o.answered("A1", "处理完毕", "rejected", "failure")
	_, err := o.acts().Reclassify(t.Context(), act(""), ledger.TextChoice{Text: "处理完毕"}, rule.Cancelled, o.bounds,
		oneTiming)
	var refused *ledger.TextError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, ledger.TextFailed, refused.Fault)
	require.Equal(t, "disposition", refused.Field)
	require.Equal(t, "needs_attention ", o.one(failed))
}

// The same words of a success are another text: which is meant must be said.
func TestATextOfASuccessAndOfAFailureIsTwoTexts(t *testing.T) {
	o := setupOperator(t)
	failed := o.answered("A1", "处理完毕", "rejected", "failure")
	succeeded := o.answered("A2", "处理完毕", "in_progress", "success")
	_, err := o.acts().Reclassify(t.Context(), act(""), ledger.TextChoice{Text: "处理完毕"}, rule.Cancelled, o.bounds,
		oneTiming)
	var refused *ledger.TextError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, ledger.TextTwice, refused.Fault)
	item := int64(o.count(`select work_item_id from work_item order by work_item_id desc limit 1`))
	effect, err := o.acts().Reclassify(t.Context(), act(""), ledger.TextChoice{WorkItemID: item}, rule.Cancelled,
		o.bounds, oneTiming)
	require.NoError(t, err)
	require.Equal(t, []int64{succeeded}, effect.IDs)
	require.Equal(t, "done cancelled", o.one(succeeded))
	require.Equal(t, "needs_attention ", o.one(failed))
}

func TestAClassificationThatContradictsAnotherIsRefused(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "已撤单", "rejected", "failure")
	say := func(meaning, insteadOf rule.Disposition) error {
		choice := ledger.TextChoice{Text: "已撤单", InsteadOf: insteadOf}
		_, err := o.acts().Reclassify(t.Context(), act(""), choice, meaning, o.bounds, oneTiming)
		return err
	}
	require.NoError(t, say(rule.AlreadyCancelled, ""))
	require.NoError(t, say(rule.AlreadyCancelled, ""), "the same again")
	var refused *ledger.TextError
	require.ErrorAs(t, say(rule.TooLate, ""), &refused)
	require.Equal(t, ledger.TextClassified, refused.Fault)
	require.Equal(t, "li", refused.Text.ClassifiedBy)
	require.ErrorAs(t, say(rule.TooLate, rule.Rejected), &refused, "that was not said")
	require.Equal(t, "already_cancelled", o.text(`select disposition from answer_text`))
	require.NoError(t, say(rule.TooLate, rule.AlreadyCancelled))
	require.Equal(t, "too_late", o.text(`select disposition from answer_text`))
	require.ErrorAs(t, o.reclassifyError("没有见过"), &refused)
	require.Equal(t, ledger.TextNotMet, refused.Fault)
}

func (o *operator) reclassifyError(text string) error {
	_, err := o.acts().Reclassify(o.Context(), act(""), ledger.TextChoice{Text: text}, rule.TooLate, o.bounds,
		oneTiming)
	return err
}

func TestAReclassificationReachesWhatIsStillAskedAgain(t *testing.T) {
	o := setupOperator(t)
	waiting := o.answered("A1", "已撤单", "rejected", "failure")
	flying := o.answered("A2", "已撤单", "rejected", "failure")
	o.rows.Exec(`update cancellation_now set state = 'open'`)
	o.rows.Exec(
		`update cancellation_now set lease_until = now() + interval '1 minute', attempt = 5 where cancellation_id = $1`,
		flying,
	)
	o.rows.Attempt(rowtest.Attempt{CancellationID: flying, Attempt: 5})
	effect := o.reclassify("已撤单", "already_cancelled")
	require.Equal(t, []int64{waiting}, effect.IDs)
	require.Equal(t, []ledger.Refusal{{CancellationID: flying, BillNo: "A2", Message: "请求正在途中，其答复回来后即按此归类处理"}},
		effect.Refused)
}

func TestADoneByReclassificationOfALiveBillIsForAPerson(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "已撤单", "rejected", "failure")
	o.rows.Exec(`update bill set document_status = 'C', cancel_status = 'A'`)
	o.reclassify("已撤单", "already_cancelled")
	require.Equal(t, []string{"restored_after_cancel"}, openWorkKinds(t, o.pool))
}

func TestWhatWasReclassifiedIsListedNoLonger(t *testing.T) {
	o := setupOperator(t)
	o.answered("A1", "已撤单", "rejected", "failure")
	waiting := `select count(*) from reporting.vendor_answer where text_id is not null and classified_as = ''`
	require.Equal(t, 1, o.count(waiting))
	o.reclassify("已撤单", "already_cancelled")
	require.Zero(t, o.count(waiting))
	require.Equal(t, "already_cancelled", o.text(`select classified_as from reporting.vendor_answer`))
}

func TestWhoDidWhatStaysToBeSeen(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.answered("A1", "仓库盘点中", "rejected", "failure")
	o.do(ledger.Retry, these(cancellation))
	o.do(ledger.Ignore, these(cancellation))
	acts, err := o.store.ActionViews(t.Context(), ledger.ActionFilter{CancellationID: cancellation}, 0, 10)
	require.NoError(t, err)
	require.Len(t, acts, 2)
	require.Equal(t, []string{"ignore", "li", "试运行结束"}, []string{acts[0].Verb, acts[0].Actor, acts[0].Reason})
	require.Equal(t, 2,
		o.count(`select count(*) from reporting.operator_action where verb_zh in ('重试', '不取消') and changed = 1`))
	require.Equal(t, "重试 不取消", o.text(`
select string_agg(event_zh, ' ' order by event_time, step) from reporting.bill_history
where bill_no = 'A1' and event = 'operator_action'`))
}

func TestWorkItemsAreClosedByAPersonWhenNothingIsOwedForThem(t *testing.T) {
	o := setupOperator(t)
	cancellation := o.answered("A1", "仓库盘点中", "rejected", "failure")
	o.rows.Exec(`update work_item set close_time = now(), close_reason = 'x'`)
	owed := o.rows.Work(rowtest.Work{Kind: "too_late", BillID: 1, BillNo: "A1", CancellationID: cancellation})
	ended := o.rows.Cancellation(rowtest.Cancellation{State: "done", Warehouse: "x"})
	restored := o.rows.Work(rowtest.Work{Kind: "restored_after_cancel", CancellationID: ended})
	mapped := o.rows.Work(rowtest.Work{Kind: "warehouse_not_mapped", Subject: "CK009"})
	noTime := o.rows.Work(rowtest.Work{Kind: "no_event_time"})
	closed := o.rows.Work(rowtest.Work{Kind: "order_vanished", Closed: "settled"})
	ids := []int64{owed, restored, mapped, noTime, closed, 999}
	preview, err := o.acts().CloseWorkItems(t.Context(), act(""), ids, true)
	require.NoError(t, err)
	require.EqualValues(t, 2, preview.Count)
	effect, err := o.acts().CloseWorkItems(t.Context(), act("w1"), ids, false)
	require.NoError(t, err)
	require.EqualValues(t, 2, effect.Count)
	require.Equal(t, []int64{ended}, effect.IDs)
	refused := map[int64]string{}
	for _, r := range effect.Refused {
		refused[r.WorkItemID] = r.Message
	}
	require.Contains(t, refused[owed], "取消尚未了结")
	require.Contains(t, refused[noTime], "放行")
	require.Equal(t, "已经关闭", refused[closed])
	require.Equal(t, "没有此待办", refused[999])
	require.Equal(t, []string{"too_late", "no_event_time"}, openWorkKinds(t, o.pool))
	require.Equal(t, "closed by li: 试运行结束",
		o.text(`select close_reason from work_item where work_item_id = $1`, mapped))
	require.Equal(t, "needs_attention ", o.one(cancellation))
	again, err := o.acts().CloseWorkItems(t.Context(), act("w1"), ids, false)
	require.NoError(t, err)
	require.Equal(t, effect, again)
}

// says stores what the WMS said to a leased cancellation, as push does, by a host of its own.
func (w *writer) says(due ledger.Due, answer rule.Answer, text, message string, same int) {
	w.Helper()
	flag := "failure"
	if answer.Provisional {
		flag = "success"
	}
	r := ledger.Result{
		ID: due.ID, Attempt: due.Attempt, Scheme: due.Scheme, Account: due.Account, BillID: due.BillID,
		BillNo: due.BillNo, Revision: due.Revision, Evidence: due.Evidence, Answer: answer, VendorFlag: flag,
		VendorMessage: message, Text: text, Due: due, Timing: rule.DefaultTiming(), Now: time.Now(),
		SameDisposition: answer.Streak(), SameCount: same, SameSince: time.Now(),
	}
	r.Timing.NumberReuse = w.reuse
	r.Next = r.Timing.After(answer, rule.History{Evidence: due.Evidence, Same: same, FirstSame: time.Now()}, time.Now())
	require.NoError(w, push.NewRows(w.pool).StoreResults(w.Context(), []ledger.Result{r},
		func(_ ledger.Result, err error) { require.NoError(w, err) }))
}

var (
	provisional = rule.Answer{Disposition: rule.InProgress, Provisional: true}
	unread      = rule.Answer{Disposition: rule.Rejected}
)

// Rule 19 (docs/rules.md): "Otherwise it waits, open, for one work item a text, not an order. What a person says there
// settles all that wait for it, then and later."
func TestOneWorkItemATextWhoseClassificationSettlesAllThenAndLater(t *testing.T) {
	for name, answer := range map[string]rule.Answer{"a success": provisional, "a failure": unread} {
		t.Run(name, func(t *testing.T) {
			o := setupOperator(t)
			for i, no := range []string{"A1", "A2", "A3"} {
				due := o.lease(o.owe(int64(i+1), no, "WH1"))[0]
				o.says(due, answer, "单据[#]已交仓库处理", "单据["+no+"]已交仓库处理", 4)
			}
			require.Equal(t, 3, o.count(`select count(*) from cancellation_now where state = 'open' and awaits_text`))
			require.Equal(t, []string{"answer_unrecognised"}, openWorkKinds(t, o.pool), "one for all of them")
			require.Equal(t, "3 3", o.text(`select waiting || ' ' || answers from reporting.work_item`))
			require.Contains(t, o.text(`select message from reporting.work_item`), "3 个仓库单在等")
			require.Equal(t, "需人工", o.text(`select verdict from reporting.bill_verdict where bill_no = 'A2'`))
			o.rows.Exec(`update cancellation_now set due_time = now() - interval '1 hour'`)
			taken, err := o.store.Gather(t.Context(), ledger.Gathering{
				Revisions: map[string]int{rowtest.SchemeName: 1}, Limit: 100, Size: 10, Hold: time.Minute,
			}, func(pgx.Tx, []ledger.Batch) error { return nil })
			require.NoError(t, err)
			require.Zero(t, taken, "nothing is asked while it waits")

			item := int64(o.count(`select work_item_id from work_item`))
			list, err := o.store.CancellationViews(t.Context(), ledger.CancellationFilter{WorkItemID: item},
				ledger.CancellationPage{Limit: 2})
			require.NoError(t, err)
			require.Len(t, list, 2, "a page of those that wait")
			rest, err := o.store.CancellationViews(t.Context(), ledger.CancellationFilter{WorkItemID: item},
				ledger.CancellationPage{After: list[1].CancellationID, Limit: 2})
			require.NoError(t, err)
			require.Len(t, rest, 1)

			effect, err := o.acts().Reclassify(t.Context(), act(""), ledger.TextChoice{WorkItemID: item},
				rule.AlreadyCancelled, o.bounds, oneTiming)
			require.NoError(t, err)
			require.EqualValues(t, 3, effect.Count)
			require.Equal(t, 3, o.count(`select count(*) from cancellation_now where state = 'done'`))
			require.Zero(t, o.count(openWorkItems))
			require.Equal(t, "li 试运行结束", o.text(`select classified_by || ' ' || reason from answer_text`))

			// Later, on another host, to an order that nobody thought of.
			due := o.lease(o.owe(9, "A9", "WH1"))[0]
			o.says(due, answer, "单据[#]已交仓库处理", "单据[A9]已交仓库处理", 1)
			require.Equal(t, "done already_cancelled", o.one(due.ID))
			require.Zero(t, o.count(openWorkItems))
			require.Equal(t, string(answer.Disposition),
				o.text(`select disposition from attempt where cancellation_id = $1`, due.ID),
				"what the adapter made of it")
		})
	}
}

func TestAProvisionalSuccessIsSettledByAKnownAnswerAndTheSameTextIsNone(t *testing.T) {
	o := setupOperator(t)
	due := o.lease(o.owe(1, "A1", "WH1"))[0]
	o.says(due, provisional, "已交仓库处理", "已交仓库处理", 1)
	require.Equal(t, "open ", o.one(due.ID))
	require.Zero(t, o.count(openWorkItems), "it is asked again first")
	again := o.lease(o.due("A1"))[0]
	o.says(again, provisional, "已交仓库处理", "已交仓库处理", 2)
	require.Equal(t, "open ", o.one(due.ID), "the same text again is no known answer")
	last := o.lease(o.due("A1"))[0]
	o.says(last, rule.Answer{Disposition: rule.AlreadyCancelled, Recognised: true}, "", "该单已取消", 1)
	require.Equal(t, "done already_cancelled", o.one(due.ID))
}

// Too late by the word of a person is what it is by the dictionary: a work item each, with the ways out.
func TestATextClassifiedAsTooLateOpensTheOrdinaryWorkItem(t *testing.T) {
	o := setupOperator(t)
	for i, no := range []string{"A1", "A2"} {
		o.says(o.lease(o.owe(int64(i+1), no, "WH1"))[0], unread, "已上架", "已上架", 4)
	}
	require.Equal(t, map[string]int64{"needs_attention": 2}, o.reclassify("已上架", "too_late").Outcomes)
	require.Equal(t, []string{"too_late", "too_late"}, openWorkKinds(t, o.pool))
}

func TestTheItemOfATextClosesWhenNothingWaitsForItAnyLonger(t *testing.T) {
	o := setupOperator(t)
	due := o.lease(o.owe(1, "A1", "WH1"))[0]
	o.says(due, unread, "盘点中", "盘点中", 4)
	require.NoError(t, o.store.TellTexts(t.Context()))
	require.Equal(t, 1, o.count(openWorkItems))
	o.rows.Exec(`update work_item set close_time = now(), close_reason = 'x'`)
	require.NoError(t, o.store.TellTexts(t.Context()))
	require.Equal(t, 1, o.count(openWorkItems), "whatever closed it: an order waits")
	o.do(ledger.MarkDone, these(due.ID))
	require.NoError(t, o.store.TellTexts(t.Context()))
	require.Zero(t, o.count(openWorkItems))
	require.Equal(t, 1, o.count(`select count(*) from work_item
where close_reason = 'nothing waits for it any longer'`))
}

// repeated is a leased cancellation of a bill's second generation, seen live, whose order was cancelled in its first.
func (o *operator) repeated() ledger.Due {
	o.Helper()
	o.rows.Bill(rowtest.Bill{ID: 1, No: "A1", Generation: 2, Snapshot: true})
	o.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", State: "done", Disposition: "cancelled"})
	o.rows.Cancellation(rowtest.Cancellation{BillID: 1, BillNo: "A1", Generation: 2})
	return o.lease(o.due("A1"))[0]
}

// "done. But where an earlier generation of this bill had the same order cancelled, and this one was seen live, it is
// done only if the scheme's number_reuse is same. Otherwise a work item."
func TestAlreadyCancelledOfAnOrderOfAnEarlierGenerationIsDoneOnlyWhereTheNumberIsTakenAgain(t *testing.T) {
	for reuse, want := range map[rule.NumberReuse]string{
		rule.NumberSame: "done already_cancelled", rule.NumberNew: "needs_attention ",
		rule.NumberUnsaid: "needs_attention ",
	} {
		t.Run("number_reuse "+string(reuse), func(t *testing.T) {
			o := setupOperator(t)
			due := o.repeated()
			o.reuse = reuse
			o.says(due, rule.Answer{Disposition: rule.AlreadyCancelled, Recognised: true}, "", "该单已取消", 1)
			require.Equal(t, want, o.one(due.ID))
			if reuse == rule.NumberSame {
				require.Zero(t, o.count(openWorkItems))
				return
			}
			require.Equal(t, []string{"old_order_cancelled"}, openWorkKinds(t, o.pool))
			o.do(ledger.MarkDone, these(due.ID))
			require.Equal(t, "done marked_done", o.one(due.ID))
			require.Zero(t, o.count(openWorkItems))
		})
	}
}

// It was voided again without an audit in between: the generation keeps the snapshot, and the order was not made anew.
func TestAlreadyCancelledIsDoneWhereTheBillWasNotSeenLiveAgain(t *testing.T) {
	o := setupOperator(t)
	due := o.repeated()
	o.rows.Exec(`update bill_snapshot set generation = 1`)
	o.says(due, rule.Answer{Disposition: rule.AlreadyCancelled, Recognised: true}, "", "该单已取消", 1)
	require.Equal(t, "done already_cancelled", o.one(due.ID))
	require.Zero(t, o.count(openWorkItems))
}

func TestATextClassifiedAsAlreadyCancelledIsDoubtedLikeTheAnswer(t *testing.T) {
	o := setupOperator(t)
	due := o.repeated()
	o.says(due, unread, "已撤", "已撤", 4)
	require.Equal(t, map[string]int64{"needs_attention": 1}, o.reclassify("已撤", "already_cancelled").Outcomes)
	require.Equal(t, []string{"old_order_cancelled"}, openWorkKinds(t, o.pool))
}

// "more than 5 of these in an hour are one work item"
func TestMoreThanFiveInferredInAnHourAreOneWorkItem(t *testing.T) {
	const many = `select count(*) from work_item where close_time is null and kind = 'many_inferred'`
	o := setupOperator(t)
	var leased []ledger.Due
	for i := range int64(8) {
		leased = append(leased, o.lease(o.owe(i+1, "A"+strconv.FormatInt(i+1, 10), "WH1"))[0])
	}
	infer := func(i int) {
		o.result(leased[i-1], rule.NotFound,
			rule.Next{State: rule.Done, Outcome: "not_found_after_possible_cancel", Inferred: true})
	}
	for i := range 5 {
		infer(i + 1)
	}
	require.Zero(t, o.count(many))
	infer(6)
	require.Equal(t, 1, o.count(many))
	infer(7)
	require.Equal(t, 1, o.count(many), "one that tells")
	require.Contains(t, o.text(`select message from reporting.work_item where kind = 'many_inferred'`), "7: A1, A2")
	item := int64(o.count(`select work_item_id from work_item where kind = 'many_inferred'`))
	_, err := o.acts().CloseWorkItems(t.Context(), act(""), []int64{item}, false)
	require.NoError(t, err)
	infer(8)
	require.Zero(t, o.count(many), "a person has looked: it is counted anew")
}
