// Command orchestrator serves orchestrator.v1 over gRPC and REST and carries cancellations out. Settings come from the
// environment; `voidrelay migrate` prepares its database.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/orchestrator"
)

// usage is for people at a prompt; what the settings mean stands in one place.
const usage = `orchestrator: cancels the warehouse orders of bills that are voided in Kingdee, and serves
orchestrator.v1 over gRPC and REST

usage: orchestrator              serve until SIGTERM
       orchestrator --version    say which version this is

'voidrelay migrate' prepares its database; 'voidrelay' asks and steers it.

Settings come from the environment; docs/running.md lists them.
Exit status: 0 stopped or fine, 1 something failed, 2 a setting or an argument is wrong.
`

func main() {
	os.Exit(serve.Main(serve.Program{Name: "orchestrator", Usage: usage, Start: start}))
}

func start(ctx context.Context, logger func(slog.Level) *slog.Logger) (serve.Service, error) {
	cfg, err := orchestrator.LoadConfig(os.Getenv)
	if err != nil {
		return nil, &serve.WrongSettings{Cause: err}
	}
	collectSeldom()
	return orchestrator.Start(ctx, cfg, logger(cfg.LogLevel))
}
