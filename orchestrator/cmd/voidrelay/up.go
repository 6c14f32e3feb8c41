package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
)

func (sh *shell) upCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "在一个进程里运行全部服务 runs all services in one process",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Runs Postgres (DATABASE_URL, else a private one), kingdeesvc, wmssvc and the orchestrator in one process, talking gRPC.
With KINGDEE_BASE_URL and WMS_URL it uses the real vendors, and then needs SCHEMES_FILE; schemes only observe until
` + "`voidrelay mode SCHEME send`" + `. With neither it starts both sandboxes with sample bills. With one of them it refuses.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return sh.up(cmd.Context()) },
	}
}

func (sh *shell) up(ctx context.Context) (err error) {
	real, mixed := house.RealVendors(sh.getenv)
	tell := newTeller(sh.out)
	// A mixture is refused together with all else that is wrong.
	opts := stageOptions{Options: house.Options{Getenv: sh.getenv, Sandboxes: !real && mixed == nil, Logger: sh.logger(slog.LevelInfo)}}
	s, err := openStage(ctx, opts, tell)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if real {
		tell.say("真实账套：方案默认只观察，不发送 real vendors: schemes observe and send nothing until `voidrelay mode SCHEME send --reason …`")
	}
	tell.say("运行中，Ctrl-C 结束 running until Ctrl-C")
	return s.wait(ctx)
}
