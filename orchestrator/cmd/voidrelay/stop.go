package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) pauseCommand() *cobra.Command {
	var request orchestratorv1.PauseSchemeRequest
	cmd := &cobra.Command{
		Use:     "pause SCHEME --reason WHY",
		Short:   "暂停发送 stops sending for a scheme; it goes on reading and withdrawing. `resume` ends it",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		answer, err := client.Schemes.PauseScheme(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		printScheme(sh, answer.GetScheme())
		return nil
	})
}

func (sh *shell) stopAllCommand() *cobra.Command {
	var request orchestratorv1.StopAllRequest
	cmd := &cobra.Command{
		Use:     "stop-all --reason WHY",
		Short:   "全部停发 within a second no orchestrator sends anything, for any scheme. `resume-all` ends it",
		GroupID: groupSteer,
		Args:    args(0, "--reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := client.Schemes.StopAll(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("已全部停发 all sending stopped at %s; 在途 in flight %d: 已发出的等答复，未发出的撤回 what has left "+
			"finishes, what waits is called back\n",
			moment(answer.GetStopTime().AsTime()), answer.GetInFlight())
		return nil
	})
}

func (sh *shell) resumeAllCommand() *cobra.Command {
	var request orchestratorv1.ResumeAllRequest
	cmd := &cobra.Command{
		Use:     "resume-all --reason WHY",
		Short:   "恢复全部发送 ends stop-all; schemes that are paused or stopped by themselves stay so",
		GroupID: groupSteer,
		Args:    args(0, "--reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := client.Schemes.ResumeAll(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		if answer.GetResumed() {
			fmt.Fprintln(sh.out, "已恢复 sending goes on")
		} else {
			fmt.Fprintln(sh.out, "原本就未停发 nothing was stopped")
		}
		return nil
	})
}
