// Command wmssvc serves wms.v1.OrderService in front of a WMS; `wmssvc check` makes one harmless call for each account
// instead and says what it tells. Settings come from the environment.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/voidrelay/voidrelay/wmssvc"
)

func main() {
	args := os.Args[1:]
	check := len(args) > 0 && args[0] == "check"
	if check {
		args = args[1:]
	}
	switch {
	case asksForHelp(args):
		fmt.Print(usage)
		return
	case len(args) > 0:
		os.Exit(refuse(os.Stderr, args[0]))
	}
	cfg, err := wmssvc.LoadConfig(os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "wmssvc: wrong settings:\n%v\n", err)
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if check {
		if err := wmssvc.Check(ctx, cfg, os.Stdout); err != nil {
			fmt.Fprintf(os.Stderr, "wmssvc: %v\n", err)
			os.Exit(1)
		}
		return
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	if err := wmssvc.Run(ctx, cfg, logger); err != nil {
		logger.ErrorContext(ctx, "wmssvc ended", "err", err)
		os.Exit(1)
	}
}
