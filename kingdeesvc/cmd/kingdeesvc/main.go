// Command kingdeesvc serves kingdee.v1 over gRPC from the environment's settings; `kingdeesvc check` says what is wrong with
// them instead, in Chinese and English. Exit status 2: a setting is wrong.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/voidrelay/voidrelay/kingdeesvc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch args := os.Args[1:]; {
	case asksForHelp(args):
		fmt.Print(usage)
		return
	case len(args) > 0 && args[0] == "check":
		os.Exit(check(ctx, args[1:]))
	case len(args) > 0:
		os.Exit(refuse(os.Stderr, args[0]))
	}
	cfg, err := kingdeesvc.LoadConfig(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	if err := kingdeesvc.Run(ctx, cfg, logger); err != nil {
		logger.ErrorContext(ctx, "kingdeesvc stopped", "err", err)
		os.Exit(1)
	}
}
