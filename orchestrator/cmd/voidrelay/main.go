// Command voidrelay is the operator's command line: it runs everything in one process (up, run, demo), prepares
// databases (migrate) and asks and steers a running orchestrator (bill, cancellations, work, schemes, read, release,
// mode).
//
// Settings come from the environment. Exit status: 0, 1 when something failed, 2 when a setting or an argument is
// wrong, 3 when status found something that needs a person.
//
// The package is larger than others on purpose. A file is one command, or the few that belong to one thing, under the
// name that an operator types; they share the shell and know nothing of each other, so that packages below this one
// would only add names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

const (
	statusFailed = 1
	statusWrong  = 2
	// statusPerson is what the command status ends with when something needs a person.
	statusPerson = 3
)

func main() {
	ctx, cancel := signalContext()
	defer cancel()
	os.Exit(execute(ctx, &shell{
		getenv: os.Getenv, out: os.Stdout, err: os.Stderr, in: os.Stdin, terminal: atTerminal(os.Stdin),
		screen: atTerminal(os.Stdout),
	}, os.Args[1:]))
}

// signalContext ends with the first SIGINT or SIGTERM, upon which everything is stopped in order. A second one ends the
// process at once; a private Postgres notices by itself.
func signalContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Fprintln(os.Stdout, "正在停止… stopping; again to stop at once") // standard error is the log
		cancel()
		<-signals
		os.Exit(statusFailed)
	}()
	return ctx, cancel
}

// errWrong marks arguments that make no sense, errScheme a file of them.
var (
	errWrong  = errors.New("wrong arguments")
	errScheme = errors.New("方案文件有误 the scheme file is wrong")
)

// status tells what went wrong and answers the exit status.
func (sh *shell) status(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, errNeedsPerson) {
		return statusPerson
	}
	settings := (*install.SettingsError)(nil)
	switch {
	case errors.As(err, &settings):
		fmt.Fprintln(sh.err, "设置有误，未启动任何东西 wrong settings, nothing was started:")
		for _, problem := range settings.Problems {
			fmt.Fprintln(sh.err, "  "+problem)
		}
		return statusWrong
	case errors.Is(err, errWrong), errors.Is(err, errScheme):
		fmt.Fprintln(sh.err, "voidrelay:", err)
		return statusWrong
	}
	// A text of somebody within it begins no line.
	fmt.Fprintln(sh.err, "voidrelay:", strings.ReplaceAll(explain(err), "\n", "\n  "))
	if code := grpcstatus.Code(err); code == codes.InvalidArgument || code == codes.OutOfRange {
		return statusWrong // the orchestrator says so
	}
	return statusFailed
}
