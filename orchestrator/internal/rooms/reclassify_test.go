package rooms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
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
	o.rows.Work(rowtest.Work{Kind: "answer_unrecognised", BillID: id, BillNo: no, CancellationID: cancellation})
	return cancellation
}

func (o *operator) reclassify(text, disposition string) ledger.Effect {
	o.Helper()
	effect, err := o.acts().Reclassify(o.Context(), act(""), ledger.CancellationFilter{VendorMessage: text},
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
			require.Equal(t, []string{"failure"}, effect.Flags)
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
	succeeded := o.answered("A2", "处理完毕", "rejected", "success")
	effect := o.reclassify("处理完毕", "cancelled")
	require.Equal(t, []int64{succeeded}, effect.IDs)
	require.Equal(t, failed, effect.Refused[0].CancellationID)
	require.Equal(t, "needs_attention ", o.one(failed))
	require.Equal(t, "done cancelled", o.one(succeeded))
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
	require.Equal(t, []ledger.Refusal{{CancellationID: flying, BillNo: "A2", Message: "请求正在途中，等结果回来再操作"}},
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
	waiting := `select count(*) from reporting.vendor_answer where not recognised and classified_as = ''`
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
	owed := int64(o.count(`select work_item_id from work_item`))
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
	require.Equal(t, []string{"answer_unrecognised", "no_event_time"}, openWorkKinds(t, o.pool))
	require.Equal(t, "closed by li: 试运行结束",
		o.text(`select close_reason from work_item where work_item_id = $1`, mapped))
	require.Equal(t, "needs_attention ", o.one(cancellation))
	again, err := o.acts().CloseWorkItems(t.Context(), act("w1"), ids, false)
	require.NoError(t, err)
	require.Equal(t, effect, again)
}
