package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// itemsAtOnce is the size of one page of items.
const itemsAtOnce = 500

// printItems prints items, a row for each order, at most limit.
func (sh *shell) printItems(
	ctx context.Context, client *install.Client, request *orchestratorv1.ListBackfillItemsRequest, limit int,
) error {
	t := sh.newTable("单据 bill", "种类 kind", "账号 account", "仓库单 order", "货主 owner", "取消原因 cancel reason",
		"结论 comes to", "取消 id")
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
		sh.printf("… 还有更多 there are more: voidrelay backfill items %d --limit N\n", request.GetRunId())
	}
	return nil
}

func addItem(t *table, item *orchestratorv1.BackfillItem) {
	if item.GetOrderKind() == "" {
		t.row(item.GetBillNo(), "-", "-", "-", "-", "-", itemWords(item.GetState()), "-")
	} else {
		t.row(item.GetBillNo(), item.GetOrderKind()+" "+item.GetWarehouseNumber(), item.GetAccount(),
			item.GetWarehouseCode()+"/"+item.GetOrderCode()+"/"+item.GetOrderType(), orDash(item.GetOwnerCode()),
			orDash(item.GetCancelReason()),
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
func (sh *shell) printOutcome(ctx context.Context, client *install.Client, run *orchestratorv1.Run, limit int) error {
	if err := sh.printItems(ctx, client,
		&orchestratorv1.ListBackfillItemsRequest{RunId: run.GetRunId()}, limit); err != nil {
		return err
	}
	sh.printTotals(run)
	return endedWell(run)
}

// printTotals says in a few lines what a run read and what that came to.
func (sh *shell) printTotals(run *orchestratorv1.Run) {
	f := run.GetRunCounts()
	sh.printf("%s %d  %s  版本 revision %d  %s  开始 start %s\n",
		kindWords(run), run.GetRunId(), run.GetScheme(), run.GetRevision(),
		runStateWords(run.GetState()), moment(run.GetStartTime().AsTime()))
	sh.printf(
		"  读到 read   单据 bills %d: 作废 voided %d, 反审核 un-audited %d, 有效 live %d, 启用时间之前 before cutover %d, "+
			"未变 unchanged %d, 无法识别 undecodable %d\n",
		f.GetBills(), f.GetVoided(), f.GetUnAudited(), f.GetLive(), f.GetBeforeCutover(),
		f.GetUnchanged(), f.GetUndecodable())
	sh.printf("  结果 comes to  %s\n", resultWords(run))
	sh.printBackfillTotals(run.GetBackfill())
	if run.GetError() != "" {
		sh.printf("  原因 because  %s\n", run.GetError())
	}
	if run.GetNote() != "" {
		sh.printf("  备注 note  %s\n", run.GetNote())
	}
}

// printBackfillTotals says what only a backfill has; nothing where there is none.
func (sh *shell) printBackfillTotals(b *orchestratorv1.Backfill) {
	if n := b.GetRowsOutside(); n > 0 {
		sh.printf("  范围之外 outside  %d 行，读到但不处理 rows behind the range, read and left alone\n", n)
	}
	if missing := b.GetNumbersNotFound(); len(missing) > 0 {
		shown := missing[:min(len(missing), 20)]
		sh.printf("  金蝶查无 not in Kingdee  %d: %s", len(missing), strings.Join(shown, ", "))
		if len(shown) < len(missing) {
			fmt.Fprint(sh.out, ", …")
		}
		fmt.Fprintln(sh.out)
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
	return b.GetItemsNew() + b.GetItemsAlreadyOwed() + b.GetItemsSettled() + b.GetItemsHeld() +
		b.GetItemsRefused() + b.GetItemsUndecodable()
}

func whichWords(s *orchestratorv1.BackfillSelection) string {
	text := fmt.Sprintf("%d 个编号 numbers", len(s.GetNumbers().GetNumbers()))
	if span := s.GetRange(); span != nil {
		text = span.GetFromTime().AsTime().In(beijing).Format(time16) + " – " +
			span.GetToTime().AsTime().In(beijing).Format(time16+" -07:00")
	}
	if s.GetBeforeCutover() {
		text += " 含启用时间之前 before cutover"
	}
	return text
}

// time16 is a time without its seconds.
const time16 = "2006-01-02 15:04"

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
