// Command kingdeesvc serves kingdee.v1 over gRPC from the environment's settings; `kingdeesvc check` says what is wrong
// with them instead, in Chinese and English. Exit status 2: a setting is wrong.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/kingdeesvc"
)

// usage is for people at a prompt; what the settings mean stands in one place.
const usage = `kingdeesvc: serves kingdee.v1 over gRPC in front of a Kingdee Cloud Galaxy 金蝶云星空

usage: kingdeesvc              serve until SIGTERM
       kingdeesvc check        try the settings and say what is wrong with them; --help tells its flags
       kingdeesvc --version    say which version this is

Settings come from the environment; docs/running.md lists them.
Exit status: 0 stopped or fine, 1 something failed, 2 a setting or an argument is wrong.
`

func main() {
	os.Exit(serve.Main(serve.Program{
		Name: "kingdeesvc", Usage: usage, Start: start,
		Commands: map[string]func(context.Context, []string) int{"check": check},
	}))
}

func start(ctx context.Context, logger func(slog.Level) *slog.Logger) (serve.Service, error) {
	cfg, err := kingdeesvc.LoadConfig(os.Getenv)
	if err != nil {
		return nil, &serve.WrongSettings{Cause: err}
	}
	return kingdeesvc.Start(ctx, cfg, logger(cfg.LogLevel))
}
