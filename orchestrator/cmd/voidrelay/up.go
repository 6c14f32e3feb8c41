package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

func (sh *shell) upCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "在一个进程里运行全部服务 runs all services in one process",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Runs Postgres (DATABASE_URL, else a private one), kingdeesvc, wmssvc and the orchestrator in one process,
talking gRPC. With KINGDEE_BASE_URL and WMS_URL it uses the real vendors, and then needs SCHEMES_FILE; schemes only
dry_run until ` + "`voidrelay mode SCHEME send`" + `. With neither it starts both sandboxes with sample bills. With one
of them it refuses.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return sh.up(cmd.Context()) },
	}
}

func (sh *shell) up(ctx context.Context) (err error) {
	real, mixed := install.RealVendors(sh.getenv)
	tell := newTeller(sh.out)
	// A mixture is refused together with all else that is wrong.
	opts := stageOptions{Options: install.Options{Getenv: sh.getenv, Sandboxes: !real &&
		mixed == nil, Logger: sh.logger(slog.LevelInfo)}}
	opts.guarded = true
	s, err := openStage(ctx, opts, tell)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	tell.say("运行中，Ctrl-C 结束 running until Ctrl-C")
	telling, cancel := context.WithCancel(ctx)
	var told sync.WaitGroup
	told.Go(func() {
		err := s.database.Baselines(telling, func(v ledger.SchemeView) { tell.say("%s", standing(v)) })
		if err != nil && telling.Err() == nil {
			s.logger.WarnContext(ctx, "schemes not read", "err", err)
		}
	})
	err = s.wait(ctx)
	cancel()
	told.Wait()
	return err
}

// stopWords says what stopped a scheme.
func stopWords(conditions []ledger.ConditionView) string {
	for _, c := range conditions {
		if c.BlocksReading && c.ByPerson {
			return c.Message
		}
	}
	return ""
}

// standing says how a scheme stands once its baseline is read: what it really does, not what a new one would.
func standing(v ledger.SchemeView) string {
	switch {
	case v.State == "stopped":
		return fmt.Sprintf("方案 %s 已停止 stopped: %s", v.Scheme, stopWords(v.Conditions))
	case v.Mode == "send":
		return fmt.Sprintf("方案 %s 基线完成，模式：发送 scheme %s: baseline complete, mode send: cancellations go to the WMS",
			v.Scheme, v.Scheme)
	}
	return fmt.Sprintf("方案 %s 基线完成，模式：仅观察，不发送 scheme %s: baseline complete, mode dry_run: nothing is sent until "+
		"`voidrelay mode %s send --reason …`",
		v.Scheme, v.Scheme, v.Scheme)
}
