// Command wmssvc serves wms.v1.OrderService in front of a WMS; `wmssvc check` makes one harmless call for each account
// instead and says what it tells. Settings come from the environment.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/visible"
	"github.com/voidrelay/voidrelay/wmssvc"
)

// usage is for people at a prompt; what the settings mean stands in one place.
const usage = `wmssvc: serves wms.v1 over gRPC in front of a Wangdiantong or Qimen warehouse

usage: wmssvc              serve until SIGTERM
       wmssvc check        try the settings with one harmless call for each account, and say what it tells
       wmssvc --version    say which version this is

Settings come from the environment; docs/running.md lists them.
Exit status: 0 stopped or fine, 1 something failed, 2 a setting or an argument is wrong.
`

func main() {
	os.Exit(serve.Main(serve.Program{
		Name: "wmssvc", Usage: usage, Start: start,
		Commands: map[string]func(context.Context, []string) int{"check": check},
	}))
}

func start(ctx context.Context, logger func(slog.Level) *slog.Logger) (serve.Service, error) {
	cfg, err := wmssvc.LoadConfig(os.Getenv)
	if err != nil {
		return nil, &serve.WrongSettings{Cause: err}
	}
	return wmssvc.Start(ctx, cfg, logger(cfg.LogLevel))
}

func check(ctx context.Context, args []string) int {
	switch {
	case len(args) > 0 && serve.AsksForHelp(args[0]):
		fmt.Print(usage)
		return 0
	case len(args) > 0:
		return serve.Refuse(os.Stderr, "wmssvc", args[0])
	}
	cfg, err := wmssvc.LoadConfig(os.Getenv)
	if err != nil {
		return serve.RefuseSettings(os.Stderr, "wmssvc", err)
	}
	if err := wmssvc.Check(ctx, cfg, visible.Writer(os.Stdout)); err != nil {
		fmt.Fprintf(visible.Writer(os.Stderr), "wmssvc: %v\n", err)
		return 1
	}
	return 0
}
