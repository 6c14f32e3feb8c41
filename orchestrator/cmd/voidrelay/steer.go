package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) readCommand() *cobra.Command {
	request := orchestratorv1.StartRunRequest{Kind: orchestratorv1.RunKind_RUN_KIND_INCREMENTAL}
	cmd := &cobra.Command{
		Use:     "read SCHEME",
		Short:   "立即读一次金蝶 asks for an incremental run now",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME"),
	}
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		answer, err := client.Runs.StartRun(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("已请求 asked for at %s; `voidrelay schemes` shows when it was done\n",
			moment(answer.GetRequestTime().AsTime()))
		return nil
	})
}

// reasonFlag is the operator's why; it is kept with the act. A dry run keeps nothing and needs none.
func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, in your words; kept (required)")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if strings.TrimSpace(*reason) == "" {
			if only, err := cmd.Flags().GetBool("dry-run"); err == nil && only {
				*reason = "试算 dry run"
				return nil
			}
			return fmt.Errorf("%w: 请说明原因 --reason is missing: why, in your words", errWrong)
		}
		return nil
	}
}

// requestFlag lets a caller repeat an act whose answer was lost.
func requestFlag(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "request-id", "", "makes the act repeatable: the same id does it once")
}

func (sh *shell) resumeCommand() *cobra.Command {
	var request orchestratorv1.ResumeSchemeRequest
	var restoredTo string
	cmd := &cobra.Command{
		Use:     "resume SCHEME --reason WHY",
		Short:   "恢复已停止或暂停的方案 lets a stopped scheme read again, and a paused one send again",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	cmd.Flags().StringVar(&restoredTo, "kingdee-restored-to", "", "金蝶恢复到的时间点 the time to which Kingdee was "+
		"restored from an older copy, such as 2026-11-25 08:00 (Beijing time): ends kingdee_went_back")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		if restoredTo != "" {
			at, err := timeIn("--kingdee-restored-to", restoredTo)
			if err != nil {
				return err
			}
			request.KingdeeRestoredTo = timestamppb.New(at)
		}
		answer, err := client.Schemes.ResumeScheme(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		printScheme(sh, answer.GetScheme())
		return nil
	})
}

func (sh *shell) modeCommand() *cobra.Command {
	var request orchestratorv1.SetSchemeModeRequest
	var yes bool
	cmd := &cobra.Command{
		Use: "mode SCHEME dry_run|send --reason WHY",
		Short: "仅观察或发送 dry run, or send: shows what was decided in dry run, and sends that only with " +
			"--include-dry-run",
		GroupID: groupSteer,
		Args:    args(2, "SCHEME dry_run|send --reason WHY"),
	}
	cmd.Flags().BoolVar(&request.IncludeDryRun, "include-dry-run", false,
		"此前仅观察的也发送 takes up what was decided in dry run, too; asks first")
	cmd.Flags().BoolVar(&yes, "yes", false, "不再询问 does not ask, for scripts")
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		mode, ok := orchestratorv1.SchemeMode_value["SCHEME_MODE_"+strings.ToUpper(args[1])]
		if !ok || mode == 0 {
			return fmt.Errorf("%w: mode %q is neither dry_run nor send", errWrong, args[1])
		}
		request.Scheme, request.Mode = args[0], orchestratorv1.SchemeMode(mode)
		if request.Mode == orchestratorv1.SchemeMode_SCHEME_MODE_SEND {
			decided, err := sh.showDryRun(ctx, r, client, request.GetScheme())
			if err != nil {
				return err
			}
			if request.GetIncludeDryRun() && decided > 0 && !yes {
				if err := sh.confirm(fmt.Sprintf("连同以上 %d 条一起发送 send these %d, too?", decided, decided)); err != nil {
					return err
				}
			}
		}
		answer, err := client.Schemes.SetSchemeMode(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("%s: %s", answer.GetScheme().GetScheme(), modeWords(answer.GetScheme().GetMode()))
		if n := answer.GetDryRunCount(); n > 0 {
			sh.printf("；此前决定的 %d 笔记为仅观察，不会自动补发 (%d decided before stay in dry run)", n, n)
		}
		fmt.Fprintln(sh.out)
		for _, id := range answer.GetBackfillRunIds() {
			sh.printf("回补 backfill %d 补发仅观察期间的决定 takes up what was decided in dry run: voidrelay runs\n", id)
		}
		return nil
	})
}

// shownDryRun is how many cancellations are shown before a scheme is set to send.
const shownDryRun = 20

// showDryRun lists what a scheme decided and did not send, and answers how many that are.
func (sh *shell) showDryRun(
	ctx context.Context, r *remote, client *install.Client, scheme string,
) (decided int64, err error) {
	standing, err := client.Schemes.GetScheme(ctx, &orchestratorv1.GetSchemeRequest{Scheme: scheme})
	if err != nil {
		return 0, err
	}
	decided = standing.GetScheme().GetCancellationCounts()["dry_run"]
	if decided == 0 || r.machine() {
		return decided, nil
	}
	found, err := client.Cancellations.ListCancellations(ctx, &orchestratorv1.ListCancellationsRequest{
		PageSize: shownDryRun, Filter: &orchestratorv1.CancellationFilter{
			Scheme: scheme, States: []orchestratorv1.CancellationState{
				orchestratorv1.CancellationState_CANCELLATION_STATE_DRY_RUN,
			},
		},
	})
	if err != nil {
		return 0, err
	}
	sh.printf("仅观察期间决定、未发送的取消 %d 条 decided in dry run and not sent:\n", decided)
	t := sh.newTable("单据 bill", "仓库单 order", "触发 triggers", "决定 decided")
	for _, c := range found.GetCancellations() {
		t.row(c.GetBillNo(), c.GetWarehouseCode()+" "+c.GetOrderCode()+" "+c.GetOrderType(),
			strings.Join(c.GetTriggers(), "+"), moment(c.GetCreateTime().AsTime()))
	}
	if decided > int64(len(found.GetCancellations())) {
		t.remark("…")
	}
	t.print(sh.out)
	return decided, nil
}
