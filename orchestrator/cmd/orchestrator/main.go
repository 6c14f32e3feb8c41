// Command orchestrator serves orchestrator.v1 over gRPC and REST and carries cancellations out. Settings come from the
// environment; `voidrelay migrate` prepares its database.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/voidrelay/voidrelay/orchestrator"
)

func main() {
	switch args := os.Args[1:]; {
	case asksForHelp(args):
		fmt.Print(usage)
		return
	case len(args) > 0:
		os.Exit(refuse(os.Stderr, args[0]))
	}
	cfg, err := orchestrator.LoadConfig(os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "orchestrator: wrong settings:\n%v\n", err)
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	if err := orchestrator.Run(ctx, cfg, logger); err != nil {
		logger.ErrorContext(ctx, "orchestrator ended", "err", err)
		os.Exit(1)
	}
}
