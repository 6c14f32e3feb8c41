package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// itemsAtOnce is the size of one page of items.
const itemsAtOnce = 500

// printItems prints items, a row for each order, at most limit.
func (sh *shell) printItems(ctx context.Context, client *install.Client, request *orchestratorv1.ListBackfillItemsRequest, limit int) error {
	t := newTable("单据 bill", "种类 kind", "账号 account", "仓库单 order", "货主 owner", "取消原因 cancel reason", "结论 comes to", "取消 id")
	more, rows := false, 0
	for rows < limit {
		request.PageSize = int32(min(limit-rows, itemsAtOnce)) //nolint:gosec // bounded
		call, cancel := context.WithTimeout(ctx, callTime)
		answer, err := client.Runs.ListBackfillItems(call, request)
		cancel()
		if err != nil {
			return err
		}
		for _, item := range answer.GetItems() {
			addItem(t, item)
			rows++
		}
		more = answer.GetNextPageToken() != ""
		if !more {
			break
		}
		request.PageToken = answer.GetNextPageToken()
	}
	if rows > 0 {
		t.print(sh.out)
	}
	if more {
		fmt.Fprintf(sh.out, "… 还有更多 there are more: voidrelay backfill-items %d --limit N\n", request.GetBackfillId())
	}
	return nil
}

func addItem(t *table, item *orchestratorv1.BackfillItem) {
	if item.GetOrderKind() == "" {
		t.row(item.GetBillNo(), "-", "-", "-", "-", "-", itemWords(item.GetState()), "-")
	} else {
		t.row(item.GetBillNo(), item.GetOrderKind()+" "+item.GetWarehouseNumber(), item.GetAccount(),
			item.GetWarehouseCode()+"/"+item.GetOrderCode()+"/"+item.GetOrderType(), orDash(item.GetOwnerCode()), orDash(item.GetCancelReason()),
			itemWords(item.GetState()), idText(item.GetCancellationId()))
	}
	if props := item.GetExtendProps(); len(props) > 0 {
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(props)) {
			pairs = append(pairs, key+"="+props[key])
		}
		t.remark("extendProps " + strings.Join(pairs, ", "))
	}
	if outcome := item.GetOutcome(); outcome != nil {
		text := "现状 now: " + outcome.GetState()
		if outcome.GetDisposition() != "" {
			text += ", " + outcome.GetDisposition()
		}
		t.remark(text)
	}
	if item.GetDetail() != "" {
		t.remark(item.GetDetail())
	}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// printOutcome says what a backfill that owes came to: the totals, and each item that a person should look at.
func (sh *shell) printOutcome(ctx context.Context, client *install.Client, b *orchestratorv1.Backfill, limit int) error {
	if err := sh.printItems(ctx, client, &orchestratorv1.ListBackfillItemsRequest{BackfillId: b.GetBackfillId()}, limit); err != nil {
		return err
	}
	sh.printTotals(b)
	return endedWell(b)
}

// printTotals says in a few lines what a backfill read and what that came to.
func (sh *shell) printTotals(b *orchestratorv1.Backfill) {
	f := b.GetRunCounts()
	fmt.Fprintf(sh.out, "%s %d  %s  版本 revision %d  %s\n", kindWords(b), b.GetBackfillId(), b.GetScheme(), b.GetRevision(), backfillWords(b.GetState()))
	fmt.Fprintf(sh.out, "  读到 read   单据 bills %d: 作废 voided %d, 反审核 un-audited %d, 有效 live %d, 启用时间之前 before cutover %d, 未变 unchanged %d, 无法识别 undecodable %d\n",
		f.GetBills(), f.GetVoided(), f.GetUnAudited(), f.GetLive(), f.GetBeforeCutover(), f.GetUnchanged(), f.GetUndecodable())
	fmt.Fprintf(sh.out, "  结论 items  %s\n", countWords(b))
	if n := b.GetRowsOutside(); n > 0 {
		fmt.Fprintf(sh.out, "  范围之外 outside  %d 行，读到但不处理 rows behind the range, read and left alone\n", n)
	}
	if missing := b.GetNumbersNotFound(); len(missing) > 0 {
		shown := missing[:min(len(missing), 20)]
		fmt.Fprintf(sh.out, "  金蝶查无 not in Kingdee  %d: %s", len(missing), strings.Join(shown, ", "))
		if len(shown) < len(missing) {
			fmt.Fprint(sh.out, ", …")
		}
		fmt.Fprintln(sh.out)
	}
	if b.GetError() != "" {
		fmt.Fprintf(sh.out, "  原因 because  %s\n", b.GetError())
	}
}

func countWords(b *orchestratorv1.Backfill) string {
	var words []string
	for _, count := range []struct {
		state orchestratorv1.BackfillItemState
		n     int64
	}{
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_NEW, b.GetItemsNew()},
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_ALREADY_OWED, b.GetItemsAlreadyOwed()},
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_SETTLED, b.GetItemsSettled()},
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_HELD, b.GetItemsHeld()},
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_REFUSED, b.GetItemsRefused()},
		{orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_UNDECODABLE, b.GetItemsUndecodable()},
	} {
		if count.n > 0 {
			words = append(words, fmt.Sprintf("%s %d", itemWords(count.state), count.n))
		}
	}
	if len(words) == 0 {
		return "无需取消 nothing is owed"
	}
	return strings.Join(words, ", ")
}

func itemsOf(b *orchestratorv1.Backfill) int64 {
	return b.GetItemsNew() + b.GetItemsAlreadyOwed() + b.GetItemsSettled() + b.GetItemsHeld() + b.GetItemsRefused() + b.GetItemsUndecodable()
}

func (sh *shell) printBackfills(backfills []*orchestratorv1.Backfill) {
	t := newTable("编号 id", "方案 scheme", "类别 kind", "范围 which", "状态 state", "单据 bills", "新增 new", "已处理中 owed", "已了结 settled", "待放行 held", "拒绝 refused", "开始 start", "操作人 by")
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, b := range backfills {
		t.row(number(b.GetBackfillId()), b.GetScheme(), kindWords(b), whichWords(b), backfillWords(b.GetState()), number(b.GetRunCounts().GetBills()),
			number(b.GetItemsNew()), number(b.GetItemsAlreadyOwed()), number(b.GetItemsSettled()), number(b.GetItemsHeld()), number(b.GetItemsRefused()),
			moment(b.GetCreateTime().AsTime()), b.GetActor())
		t.remark(b.GetReason())
		if b.GetError() != "" {
			t.remark(b.GetError())
		}
	}
	t.print(sh.out)
}

func whichWords(b *orchestratorv1.Backfill) string {
	text := fmt.Sprintf("%d 个编号 numbers", len(b.GetNumbers().GetNumbers()))
	if span := b.GetRange(); span != nil {
		text = span.GetFromTime().AsTime().In(beijing).Format(time16) + " – " + span.GetToTime().AsTime().In(beijing).Format(time16+" -07:00")
	}
	if b.GetBeforeCutover() {
		text += " 含启用时间之前 before cutover"
	}
	return text
}

// time16 is a time without its seconds.
const time16 = "2006-01-02 15:04"

func kindWords(b *orchestratorv1.Backfill) string {
	if b.GetPlanOnly() {
		return "计划 plan"
	}
	return "回补 backfill"
}

func backfillWords(s orchestratorv1.BackfillState) string {
	switch s {
	case orchestratorv1.BackfillState_BACKFILL_STATE_RUNNING:
		return "进行中 running"
	case orchestratorv1.BackfillState_BACKFILL_STATE_PLANNED:
		return "待执行 planned"
	case orchestratorv1.BackfillState_BACKFILL_STATE_APPLYING:
		return "执行中 applying"
	case orchestratorv1.BackfillState_BACKFILL_STATE_COMPLETE:
		return "完成 complete"
	case orchestratorv1.BackfillState_BACKFILL_STATE_FAILED:
		return "失败 failed"
	case orchestratorv1.BackfillState_BACKFILL_STATE_CANCELLED:
		return "已撤销 cancelled"
	}
	return s.String()
}

func itemWords(s orchestratorv1.BackfillItemState) string {
	switch s {
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_NEW:
		return "新增 new"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_ALREADY_OWED:
		return "已在处理 already owed"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_SETTLED:
		return "已了结 settled"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_HELD:
		return "待放行 held"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_NOTHING_OWED:
		return "无需取消 nothing owed"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_REFUSED:
		return "已变更，拒绝 refused"
	case orchestratorv1.BackfillItemState_BACKFILL_ITEM_STATE_UNDECODABLE:
		return "无法识别 undecodable"
	}
	return s.String()
}
