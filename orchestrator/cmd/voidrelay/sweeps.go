package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) sweepCommand() *cobra.Command {
	request := orchestratorv1.StartSweepRequest{Kind: orchestratorv1.SweepKind_SWEEP_KIND_SWEEP}
	var watch bool
	cmd := &cobra.Command{
		Use:     "sweep SCHEME",
		Short:   "立即核对最近 72 小时 asks for a sweep now; --watch: for a look at all bills held live",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME"),
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "巡查全部有效单据 look at all bills held live instead")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *house.Client, args []string) error {
		request.Scheme = args[0]
		if watch {
			request.Kind = orchestratorv1.SweepKind_SWEEP_KIND_WATCH
		}
		answer, err := client.Runs.StartSweep(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		fmt.Fprintf(sh.out, "已请求 asked for at %s; `voidrelay sweeps` shows what it found\n", moment(answer.GetRequestTime().AsTime()))
		return nil
	})
}

func (sh *shell) sweepsCommand() *cobra.Command {
	var request orchestratorv1.ListSweepsRequest
	var watch bool
	cmd := &cobra.Command{
		Use:     "sweeps [SCHEME]",
		Short:   "核对记录 what sweeps found, newest first; --watch: the watch over bills held live",
		GroupID: groupAsk,
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "巡查 the watch instead")
	cmd.Flags().Int32Var(&request.PageSize, "limit", 24, "how many")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *house.Client, args []string) error {
		request.Kind = orchestratorv1.SweepKind_SWEEP_KIND_SWEEP
		if watch {
			request.Kind = orchestratorv1.SweepKind_SWEEP_KIND_WATCH
		}
		if len(args) == 1 {
			request.Scheme = args[0]
		}
		answer, err := client.Runs.ListSweeps(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		printSweeps(sh, answer.GetSweeps(), watch)
		return nil
	})
}

// printSweeps prints either kind; a watch compares no hours, and proves nothing gone.
func printSweeps(sh *shell, sweeps []*orchestratorv1.Sweep, watch bool) {
	head := []string{"编号 id", "方案 scheme", "开始 start", "状态 state", "单据 bills", "修复 repaired", "不见 missing"}
	if !watch {
		head = append(head, "小时 hours", "不符 differ", "已删 gone")
	}
	t := newTable(head...)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, s := range sweeps {
		cells := []string{
			number(s.GetSweepId()), s.GetScheme(), moment(s.GetStartTime().AsTime()), sweepStateWords(s.GetState()),
			number(s.GetBillsRead()), number(s.GetBillsRepaired()), number(s.GetBillsMissing()),
		}
		if !watch {
			cells = append(cells, number(int64(s.GetHours())), number(int64(s.GetHoursDiffering())), number(s.GetBillsGone()))
		}
		t.row(cells...)
		if s.GetError() != "" {
			t.remark(s.GetError())
		}
	}
	t.print(sh.out)
}

func sweepStateWords(s orchestratorv1.SweepState) string {
	switch s {
	case orchestratorv1.SweepState_SWEEP_STATE_RUNNING:
		return "进行中 running"
	case orchestratorv1.SweepState_SWEEP_STATE_COMPLETE:
		return "完成 complete"
	case orchestratorv1.SweepState_SWEEP_STATE_FAILED:
		return "失败 failed"
	}
	return s.String()
}
