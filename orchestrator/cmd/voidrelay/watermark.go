package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) watermarkCommand() *cobra.Command {
	var request orchestratorv1.MoveWatermarkRequest
	var to string
	cmd := &cobra.Command{
		Use: "watermark SCHEME --to TIME --reason WHY",
		Short: "移动读取进度 moves how far a scheme has read: back to read again, or forward to leave what lies between " +
			"unread",
		GroupID: groupSteer,
		Args:    args(1, "SCHEME --to TIME --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	cmd.Flags().StringVar(&to, "to", "", "新的读取进度 the new watermark, such as 2026-11-25 08:00 (Beijing time; required)")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		at, err := timeIn("--to", to)
		if err != nil {
			return err
		}
		request.Scheme, request.WatermarkTime = args[0], timestamppb.New(at)
		answer, err := client.Schemes.MoveWatermark(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("读取进度 watermark: %s → %s\n",
			moment(answer.GetWatermarkBeforeTime().AsTime()), moment(answer.GetScheme().GetWatermarkTime().AsTime()))
		return nil
	})
}

func (sh *shell) watermarkChangesCommand() *cobra.Command {
	request := orchestratorv1.ListWatermarkChangesRequest{}
	var limit int
	cmd := &cobra.Command{
		Use:     "watermarks SCHEME",
		Short:   "读取进度变动记录 how a watermark moved: by persons, and by runs that found something",
		GroupID: groupAsk,
		Args:    args(1, "SCHEME"),
	}
	limitOf(cmd, &limit, 50)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListWatermarkChangesResponse, error) {
			return client.Schemes.ListWatermarkChanges(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		for _, m := range answer.GetMoves() {
			before, by := "-", fmt.Sprintf("读取任务 run %d", m.GetRunId())
			if m.GetWatermarkBeforeTime() != nil {
				before = moment(m.GetWatermarkBeforeTime().AsTime())
			}
			if m.GetRunId() == 0 {
				by = m.GetActor() + ": " + m.GetReason()
			}
			sh.printf("%s  %s → %s  %s\n",
				moment(m.GetMoveTime().AsTime()), before, moment(m.GetWatermarkAfterTime().AsTime()), by)
		}
		return nil
	})
}
