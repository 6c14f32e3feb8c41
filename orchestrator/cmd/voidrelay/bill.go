package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) billCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bill NUMBER",
		Short:   "一张单据的结论和原因 what became of a bill, and why",
		GroupID: groupAsk,
		Args:    args(1, "NUMBER"),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		answer, err := client.Bills.GetBill(ctx, &orchestratorv1.GetBillRequest{BillNo: strings.TrimSpace(args[0])})
		if err != nil || r.printed(answer) {
			return err
		}
		for _, bill := range answer.GetBills() {
			printBill(sh, bill)
		}
		return nil
	})
}

func printBill(sh *shell, b *orchestratorv1.Bill) {
	at := func(t *timestamppb.Timestamp) string {
		if t == nil {
			return "-"
		}
		return moment(t.AsTime())
	}
	sh.printf("%s  %s  %s\n", b.GetBillNo(), b.GetVerdictText(), b.GetReason())
	sh.printf("  方案 scheme %s  FID %d  组织 org %s  种类 kind %s  第 %d 次生效 generation\n",
		b.GetScheme(), b.GetBillId(), named(b.GetStockOrgNumber(), b.GetStockOrgName()), cmp.Or(b.GetBillKind(), "-"),
		b.GetGeneration())
	sh.printf("  单据状态 status %s  作废状态 void %s  判定 class %s  读取 read %s  截至 as of %s\n",
		b.GetDocumentStatus(), b.GetCancelStatus(), b.GetClass(), at(b.GetReadTime()), at(b.GetAsOfTime()))
	sh.printf("  审核 approved %s  修改 modified %s  作废 voided %s\n\n",
		at(b.GetApproveTime()), at(b.GetModifyTime()), at(b.GetCancelTime()))
	t := sh.newTable("单据 bill", "结论 verdict", "种类 kind", "仓库单 order", "答复 disposition", "次数 attempts", "时间 time")
	var voided time.Time
	if b.GetCancelTime() != nil {
		voided = b.GetCancelTime().AsTime()
	}
	sh.addBill(t, b, voided)
	t.print(sh.out)
	fmt.Fprintln(sh.out, "\n经过 history")
	for _, h := range b.GetHistory() {
		about := h.GetEventText()
		if h.GetCancellationId() != 0 {
			about += fmt.Sprintf(" #%d", h.GetCancellationId())
		}
		sh.printf("  %s  %s  %s\n", at(h.GetEventTime()), about+" "+h.GetEventTextEn(),
			bothWays(h.GetDetail(), h.GetDetailEn()))
	}
}

// bothWays are words in Chinese and in English, once where they are the same.
func bothWays(chinese, english string) string {
	if chinese == english {
		return chinese
	}
	return chinese + "  " + english
}

func (sh *shell) cancellationsCommand() *cobra.Command {
	var filter orchestratorv1.CancellationFilter
	var states []string
	var limit int
	var from, to string
	request := orchestratorv1.ListCancellationsRequest{Filter: &filter}
	cmd := &cobra.Command{
		Use:     "cancellations",
		Aliases: []string{"cancels"},
		Short:   "取消明细，新的在前 cancellations, newest first",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	cmd.Flags().StringSliceVar(&states, "state", nil,
		"planned, open, held, done, needs_attention, withdrawn, dry_run, closed")
	cmd.Flags().StringVar(&filter.BillNo, "bill", "", "bill number")
	cmd.Flags().StringVar(&filter.WarehouseCode, "warehouse", "", "the WMS's warehouse code")
	cmd.Flags().StringVar(&filter.Scheme, "scheme", "", "scheme")
	cmd.Flags().Int64Var(&filter.WorkItemId, "item", 0, "待办号 those of this work item, or that wait for its text")
	cmd.Flags().StringVar(&from, "from", "", "起 created at or after, such as 2026-11-26 (Beijing time)")
	cmd.Flags().StringVar(&to, "to", "", "止 created before")
	limitOf(cmd, &limit, 50)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		filter.BillNo = strings.TrimSpace(filter.BillNo)
		for _, name := range states {
			value, ok := orchestratorv1.CancellationState_value["CANCELLATION_STATE_"+strings.ToUpper(name)]
			if !ok || value == 0 {
				return fmt.Errorf("%w: --state %q is none of planned, open, held, done, needs_attention, withdrawn, "+
					"dry_run, closed", errWrong, name)
			}
			filter.States = append(filter.States, orchestratorv1.CancellationState(value))
		}
		if err := readTimes(from, &filter.CreateTimeFrom, to, &filter.CreateTimeTo); err != nil {
			return err
		}
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListCancellationsResponse, error) {
			return client.Cancellations.ListCancellations(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printReadings(answer.GetReadings())
		t := sh.newTable("编号 id", "单据 bill", "种类 kind", "仓库单 order", "状态 state", "答复 disposition", "次数",
			"更新 updated", "说明 note")
		for _, c := range answer.GetCancellations() {
			note := c.GetVendorMessage()
			if hold := c.GetHoldReason(); hold != "" {
				note = hold
			}
			if sender := c.GetSameOrderAs(); sender != 0 {
				note = strings.TrimSpace(fmt.Sprintf("同一仓库单 same_order as %d  %s", sender, note))
			}
			t.row(fmt.Sprint(c.GetCancellationId()), c.GetBillNo(), c.GetOrderKind(), order(c),
				sh.words(stateWords(c.GetState())), c.GetDisposition(),
				fmt.Sprint(c.GetAttempts()), moment(c.GetUpdateTime().AsTime()), note)
		}
		t.print(sh.out)
		if answer.GetNextPageToken() != "" {
			fmt.Fprintln(sh.out, "… 还有更多 there are more: --limit, or narrow with --state, --bill, --warehouse")
		}
		return nil
	})
}

// printReadings says first how old is what follows.
func (sh *shell) printReadings(readings []*orchestratorv1.SchemeReading) {
	for _, r := range readings {
		if r.GetStanding() != "" {
			sh.printf("%s  %s\n", r.GetScheme(), r.GetStanding())
			continue
		}
		sh.printf("%s  截至 as of %s\n", r.GetScheme(), moment(r.GetAsOfTime().AsTime()))
	}
}

func (sh *shell) workCommand() *cobra.Command {
	var request orchestratorv1.ListWorkItemsRequest
	cmd := &cobra.Command{
		Use:     "work",
		Short:   "需要人处理的事项 what only a person can settle, and what to do",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	cmd.Flags().BoolVar(&request.IncludeClosed, "all", false, "closed ones too")
	cmd.Flags().StringVar(&request.Scheme, "scheme", "", "scheme")
	var limit int
	var kinds []string
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "种类 only these, such as rejected")
	limitOf(cmd, &limit, 500)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListWorkItemsResponse, error) {
			return client.Cancellations.ListWorkItems(ctx, &request)
		})
		if err != nil {
			return err
		}
		if answer.WorkItems, err = ofKinds(answer.GetWorkItems(), kinds, workKinds()); err != nil || r.printed(answer) {
			return err
		}
		sh.printReadings(answer.GetReadings())
		if len(answer.GetWorkItems()) == 0 {
			fmt.Fprintln(sh.out, "没有待办 nothing to do")
			return nil
		}
		t := sh.newTable("编号 id", "单据 bill", "种类 kind", "发生 since", "情况 what happened")
		for _, w := range answer.GetWorkItems() {
			t.row(fmt.Sprint(w.GetWorkItemId()), w.GetBillNo(), w.GetKind(),
				moment(w.GetCreateTime().AsTime()), w.GetMessage())
			if w.GetCloseTime() != nil {
				t.remark("已关闭 closed: " + w.GetCloseReason())
			} else {
				t.remark("处理 to do: " + w.GetAction())
			}
		}
		t.print(sh.out)
		if answer.GetNextPageToken() != "" {
			fmt.Fprintln(sh.out, "… 还有更多 there are more: --limit")
		}
		return nil
	})
}
