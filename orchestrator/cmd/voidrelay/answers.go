package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) reclassifyCommand() *cobra.Command {
	request := orchestratorv1.ReclassifyAnswersRequest{}
	var b bounds
	cmd := &cobra.Command{
		Use: "reclassify [TEXT] DISPOSITION --reason WHY",
		Short: "答复归类 says what a text of the WMS means that nobody knew, by its work item or itself " +
			"(cancelled, already_cancelled, in_progress, too_late, not_found, rejected) " +
			"and settles what waits for that",
		GroupID: groupSteer,
		Args:    cobra.RangeArgs(1, 2),
	}
	cmd.Flags().Int64Var(&request.WorkItemId, "item", 0, "待办号 the work item of the text, instead of TEXT")
	cmd.Flags().StringVar(&request.InsteadOf, "instead-of", "",
		"原归类 what was said of it before, where something else is said now")
	requestFlag(cmd, &request.RequestId)
	b.add(cmd)
	reasonFlag(cmd, &request.Reason)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		if (request.WorkItemId == 0) != (len(args) == 2) {
			return fmt.Errorf("%w: TEXT DISPOSITION, or --item ITEM DISPOSITION", errWrong)
		}
		request.Disposition = args[len(args)-1]
		if len(args) == 2 {
			request.Text = args[0]
		}
		request.DryRun, request.MaxCount, request.Token = b.dryRun, b.most, b.token
		answer, err := client.Cancellations.ReclassifyAnswers(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("答复 text: %s = %s\n", answer.GetText(), request.GetDisposition())
		sh.printResult("归类 reclassified", answer.GetResult())
		for _, state := range slices.Sorted(maps.Keys(answer.GetOutcomes())) {
			value := orchestratorv1.CancellationState(
				orchestratorv1.CancellationState_value["CANCELLATION_STATE_"+strings.ToUpper(state)],
			)
			sh.printf("  → %s: %d\n", stateWords(value), answer.GetOutcomes()[state])
		}
		if answer.GetDictionaryEntry() == "" {
			return nil
		}
		fmt.Fprintf(sh.out, "词典条目，加入 WMS_DICTIONARY 的 entries below, for the list \"entries\" of WMS_DICTIONARY:\n%s",
			answer.GetDictionaryEntry())
		return nil
	})
}

func (sh *shell) closeCommand() *cobra.Command {
	var request orchestratorv1.CloseWorkItemsRequest
	cmd := &cobra.Command{
		Use:     "close ITEM... --reason WHY",
		Short:   "关闭待办 closes work items that are about no cancellation, or whose cancellation has ended",
		GroupID: groupSteer,
		Args:    cobra.MinimumNArgs(1),
	}
	requestFlag(cmd, &request.RequestId)
	cmd.Flags().BoolVar(&request.DryRun, "dry-run", false, "试算 count and list only")
	reasonFlag(cmd, &request.Reason)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		for _, text := range args {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("%w: %q is no number of a work item", errWrong, text)
			}
			request.WorkItemIds = append(request.WorkItemIds, id)
		}
		answer, err := client.Cancellations.CloseWorkItems(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printResult("关闭 closed", answer.GetResult())
		return nil
	})
}

func (sh *shell) actionsCommand() *cobra.Command {
	var request orchestratorv1.ListOperatorActionsRequest
	cmd := &cobra.Command{
		Use:     "actions",
		Short:   "人工操作记录 what persons did, newest first",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	cmd.Flags().StringVar(&request.Scheme, "scheme", "", "only this scheme")
	cmd.Flags().Int64Var(&request.CancellationId, "cancellation", 0, "only about this cancellation")
	var limit int
	limitOf(cmd, &limit, 50)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListOperatorActionsResponse, error) {
			return client.Cancellations.ListOperatorActions(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		t := sh.newTable("时间 time", "操作人 who", "操作 what", "数量 count", "方案 scheme", "原因 why")
		for _, a := range answer.GetActions() {
			t.row(moment(a.GetCreateTime().AsTime()), a.GetActor(), a.GetVerb(),
				strconv.FormatInt(a.GetCount(), 10), a.GetScheme(), a.GetReason())
		}
		t.print(sh.out)
		return nil
	})
}
