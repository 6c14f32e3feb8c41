package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) readCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "read SCHEME",
		Short:   "立即读一次金蝶 asks for an incremental run now",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME"),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		answer, err := client.Runs.StartRun(ctx, &orchestratorv1.StartRunRequest{
			Scheme: args[0], Kind: orchestratorv1.RunKind_RUN_KIND_INCREMENTAL,
		})
		if err != nil || r.printJSON(answer) {
			return err
		}
		fmt.Fprintf(sh.out, "已请求 asked for at %s; `voidrelay schemes` shows when it was done\n",
			moment(answer.GetRequestTime().AsTime()))
		return nil
	})
}

// reasonFlag is the operator's why; it is kept with the act.
func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, in your words; kept (required)")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if strings.TrimSpace(*reason) == "" {
			return fmt.Errorf("%w: 请说明原因 --reason is missing: why, in your words", errWrong)
		}
		return nil
	}
}

func (sh *shell) resumeCommand() *cobra.Command {
	var request orchestratorv1.ResumeSchemeRequest
	cmd := &cobra.Command{
		Use:     "resume SCHEME --reason WHY",
		Short:   "恢复已停止或暂停的方案 lets a stopped scheme read again, and a paused one send again",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		answer, err := client.Schemes.ResumeScheme(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		printScheme(sh, answer.GetScheme())
		return nil
	})
}

func (sh *shell) modeCommand() *cobra.Command {
	var request orchestratorv1.SetSchemeModeRequest
	cmd := &cobra.Command{
		Use:     "mode SCHEME dry_run|send --reason WHY",
		Short:   "仅观察或发送 dry run, or send; what was decided in dry run is never sent by itself",
		GroupID: groupSteer,
		Args:    args(2, "SCHEME dry_run|send --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		mode, ok := orchestratorv1.SchemeMode_value["SCHEME_MODE_"+strings.ToUpper(args[1])]
		if !ok || mode == 0 {
			return fmt.Errorf("%w: mode %q is neither dry_run nor send", errWrong, args[1])
		}
		request.Scheme, request.Mode = args[0], orchestratorv1.SchemeMode(mode)
		answer, err := client.Schemes.SetSchemeMode(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		fmt.Fprintf(sh.out, "%s: %s", answer.GetScheme().GetScheme(), modeWords(answer.GetScheme().GetMode()))
		if n := answer.GetDryRunCount(); n > 0 {
			fmt.Fprintf(sh.out, "；此前决定的 %d 笔记为仅观察，不会自动补发 (%d decided before stay in dry run)", n, n)
		}
		fmt.Fprintln(sh.out)
		return nil
	})
}
