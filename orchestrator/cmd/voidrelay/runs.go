package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) runsCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "runs", Short: "读取任务 runs: what was read in Kingdee, and what that came to",
		GroupID: groupAsk, Args: cobra.NoArgs,
	}
	parent.AddCommand(sh.runsListCommand(), sh.runsShowCommand(), sh.runsStartCommand(), sh.runsCancelCommand())
	return parent
}

func (sh *shell) runsListCommand() *cobra.Command {
	var request orchestratorv1.ListRunsRequest
	var kinds, states []string
	cmd := &cobra.Command{
		Use:   "list [SCHEME]",
		Short: "列出读取任务 runs, newest first",
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringSliceVar(&kinds, "kind", nil,
		"种类 baseline, incremental, recheck, reconcile, backfill; left out: all")
	cmd.Flags().StringSliceVar(&states, "state", nil,
		"状态 running, planned, applying, complete, failed, cancelled; left out: all")
	var limit int
	limitOf(cmd, &limit, 24)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.Kinds, err = wordsOf[orchestratorv1.RunKind]("--kind", "RUN_KIND_",
			orchestratorv1.RunKind_value, kinds); err != nil {
			return err
		}
		if request.States, err = wordsOf[orchestratorv1.RunState]("--state", "RUN_STATE_",
			orchestratorv1.RunState_value, states); err != nil {
			return err
		}
		if len(args) == 1 {
			request.Scheme = args[0]
		}
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListRunsResponse, error) {
			return client.Runs.ListRuns(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printRuns(answer.GetRuns())
		return nil
	})
}

func (sh *shell) runsShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "一次读取任务 one run: where it stands, what it read, what that came to",
		Args:  args(1, "ID"),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		id, err := runID(args[0])
		if err != nil {
			return err
		}
		answer, err := client.Runs.GetRun(ctx, &orchestratorv1.GetRunRequest{RunId: id})
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printTotals(answer.GetRun())
		return nil
	})
}

func (sh *shell) runsStartCommand() *cobra.Command {
	var request orchestratorv1.StartRunRequest
	var kind string
	cmd := &cobra.Command{
		Use:   "start SCHEME --kind KIND",
		Short: "立即核对、复查或读取 asks for a run now; for a backfill see `voidrelay backfill`",
		Args:  args(1, "SCHEME --kind KIND"),
	}
	cmd.Flags().StringVar(&kind, "kind", "",
		"种类 reconcile (the last 72 hours), recheck (all bills known live) or incremental")
	cmd.Flags().StringVar(&request.Reason, "reason", "", "why, in your words; kept")
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		kinds, err := wordsOf[orchestratorv1.RunKind]("--kind", "RUN_KIND_",
			orchestratorv1.RunKind_value, []string{kind})
		if err != nil {
			return err
		}
		request.Scheme, request.Kind = args[0], kinds[0]
		answer, err := client.Runs.StartRun(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("已请求 asked for at %s; `voidrelay runs list %s --kind %s` shows what it found\n",
			moment(answer.GetRequestTime().AsTime()), request.GetScheme(), kind)
		return nil
	})
}

func (sh *shell) runsCancelCommand() *cobra.Command {
	var request orchestratorv1.CancelRunRequest
	cmd := &cobra.Command{
		Use:   "cancel ID --reason WHY",
		Short: "撤销回补或计划 ends a backfill under way, or drops a plan; what it has owed stays owed",
		Args:  args(1, "ID --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.RunId, err = runID(args[0]); err != nil {
			return err
		}
		answer, err := client.Runs.CancelRun(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printTotals(answer.GetRun())
		return nil
	})
}

func runID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%w: %q is no id of a run; `voidrelay runs list` lists them", errWrong, text)
	}
	return id, nil
}

// wordsOf are the values of an enum that the words of a flag mean.
func wordsOf[E ~int32](flag, prefix string, values map[string]int32, words []string) ([]E, error) {
	found := make([]E, len(words))
	for i, word := range words {
		value, ok := values[prefix+strings.ToUpper(word)]
		if !ok || value == 0 {
			return nil, fmt.Errorf("%w: %s: there is no %q", errWrong, flag, word)
		}
		found[i] = E(value)
	}
	return found, nil
}

func (sh *shell) printRuns(runs []*orchestratorv1.Run) {
	t := sh.newTable("编号 id", "方案 scheme", "种类 kind", "开始 start", "状态 state", "单据 bills", "结果 what it came to")
	for _, run := range runs {
		t.row(strconv.FormatInt(run.GetRunId(), 10), run.GetScheme(), sh.words(kindWords(run)),
			moment(run.GetStartTime().AsTime()),
			sh.words(runStateWords(run.GetState())), strconv.FormatInt(billsOf(run), 10), resultWords(run))
		if b := run.GetBackfill(); b != nil {
			t.remark(whichWords(b.GetSelection()) + "  " + b.GetActor() + ": " + b.GetReason())
		}
		for _, remark := range []string{run.GetError(), run.GetNote()} {
			if remark != "" {
				t.remark(remark)
			}
		}
	}
	t.print(sh.out)
}

// billsOf is how many bills a run looked at: a comparison reads many, and decides those that differ.
func billsOf(run *orchestratorv1.Run) int64 {
	if c := run.GetComparison(); c != nil {
		return c.GetBillsRead()
	}
	return run.GetRunCounts().GetBills()
}

// resultWords says in a line what a run came to.
func resultWords(run *orchestratorv1.Run) string {
	switch {
	case run.GetBackfill() != nil:
		return countWords(run.GetBackfill())
	case run.GetComparison() != nil:
		c := run.GetComparison()
		text := fmt.Sprintf("修复 repaired %d, 不见 missing %d, 已删 gone %d",
			c.GetBillsRepaired(), c.GetBillsMissing(), c.GetBillsGone())
		if c.GetHours() > 0 {
			text += fmt.Sprintf(", 不符小时 hours that differed %d/%d", c.GetHoursDiffering(), c.GetHours())
		}
		return text
	}
	f := run.GetRunCounts()
	return fmt.Sprintf("有效 live %d, 作废 voided %d, 新增取消 new %d", f.GetLive(), f.GetVoided(), f.GetOrdersNew())
}

func kindWords(run *orchestratorv1.Run) string {
	switch run.GetKind() {
	case orchestratorv1.RunKind_RUN_KIND_BASELINE:
		return "基线 baseline"
	case orchestratorv1.RunKind_RUN_KIND_INCREMENTAL:
		return "增量 incremental"
	case orchestratorv1.RunKind_RUN_KIND_RECHECK:
		return "复查 recheck"
	case orchestratorv1.RunKind_RUN_KIND_RECONCILE:
		return "核对 reconcile"
	case orchestratorv1.RunKind_RUN_KIND_BACKFILL:
		if run.GetBackfill().GetSelection().GetPlanOnly() {
			return "回补计划 plan"
		}
		return "回补 backfill"
	case orchestratorv1.RunKind_RUN_KIND_REMAP:
		return "重映射 remap"
	}
	return run.GetKind().String()
}

func runStateWords(s orchestratorv1.RunState) string {
	switch s {
	case orchestratorv1.RunState_RUN_STATE_RUNNING:
		return "进行中 running"
	case orchestratorv1.RunState_RUN_STATE_PLANNED:
		return "待执行 planned"
	case orchestratorv1.RunState_RUN_STATE_APPLYING:
		return "执行中 applying"
	case orchestratorv1.RunState_RUN_STATE_COMPLETE:
		return "完成 complete"
	case orchestratorv1.RunState_RUN_STATE_FAILED:
		return "失败 failed"
	case orchestratorv1.RunState_RUN_STATE_CANCELLED:
		return "已撤销 cancelled"
	}
	return s.String()
}
