package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) reconcileCommand() *cobra.Command {
	request := orchestratorv1.StartReconcileRequest{Kind: orchestratorv1.ReconcileKind_RECONCILE_KIND_RECONCILE}
	var recheck bool
	cmd := &cobra.Command{
		Use:     "reconcile SCHEME",
		Short:   "立即核对最近 72 小时 asks for a reconcile run now, or with --recheck for a recheck of all bills known live",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME"),
	}
	cmd.Flags().BoolVar(&recheck, "recheck", false, "复查全部有效单据 ask for a recheck of all bills known live instead")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		if recheck {
			request.Kind = orchestratorv1.ReconcileKind_RECONCILE_KIND_RECHECK
		}
		answer, err := client.Runs.StartReconcile(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		fmt.Fprintf(sh.out, "已请求 asked for at %s; `voidrelay reconciles` shows what it found\n", moment(answer.GetRequestTime().AsTime()))
		return nil
	})
}

func (sh *shell) reconcilesCommand() *cobra.Command {
	var request orchestratorv1.ListReconcilesRequest
	var recheck bool
	cmd := &cobra.Command{
		Use:     "reconciles [SCHEME]",
		Short:   "核对记录 what reconcile runs found, newest first, or with --recheck what rechecks found",
		GroupID: groupAsk,
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&recheck, "recheck", false, "复查 show rechecks instead")
	cmd.Flags().Int32Var(&request.PageSize, "limit", 24, "how many")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Kind = orchestratorv1.ReconcileKind_RECONCILE_KIND_RECONCILE
		if recheck {
			request.Kind = orchestratorv1.ReconcileKind_RECONCILE_KIND_RECHECK
		}
		if len(args) == 1 {
			request.Scheme = args[0]
		}
		answer, err := client.Runs.ListReconciles(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		printReconciles(sh, answer.GetReconciles(), recheck)
		return nil
	})
}

// printReconciles prints runs of either kind; a recheck compares no hours, and proves nothing gone.
func printReconciles(sh *shell, reconciles []*orchestratorv1.Reconcile, recheck bool) {
	head := []string{"编号 id", "方案 scheme", "开始 start", "状态 state", "单据 bills", "修复 repaired", "不见 missing"}
	if !recheck {
		head = append(head, "小时 hours", "不符 differ", "已删 gone")
	}
	t := newTable(head...)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, s := range reconciles {
		cells := []string{
			number(s.GetReconcileId()), s.GetScheme(), moment(s.GetStartTime().AsTime()), reconcileStateWords(s.GetState()),
			number(s.GetBillsRead()), number(s.GetBillsRepaired()), number(s.GetBillsMissing()),
		}
		if !recheck {
			cells = append(cells, number(int64(s.GetHours())), number(int64(s.GetHoursDiffering())), number(s.GetBillsGone()))
		}
		t.row(cells...)
		if s.GetError() != "" {
			t.remark(s.GetError())
		}
	}
	t.print(sh.out)
}

func reconcileStateWords(s orchestratorv1.ReconcileState) string {
	switch s {
	case orchestratorv1.ReconcileState_RECONCILE_STATE_RUNNING:
		return "进行中 running"
	case orchestratorv1.ReconcileState_RECONCILE_STATE_COMPLETE:
		return "完成 complete"
	case orchestratorv1.ReconcileState_RECONCILE_STATE_FAILED:
		return "失败 failed"
	}
	return s.String()
}
