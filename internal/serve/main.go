package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/visible"
)

// Exit statuses of all programs.
const (
	statusFailed = 1
	statusWrong  = 2
)

// Program is a service's command.
type Program struct {
	Name string
	// Usage is printed for --help.
	Usage string
	// Start reads the settings and starts the service with a logger for their level.
	Start func(ctx context.Context, logger func(slog.Level) *slog.Logger) (Service, error)
	// Commands are what else the program does, by the first argument; they answer the exit status.
	Commands map[string]func(ctx context.Context, args []string) int
}

// WrongSettings says that settings are wrong: nothing was started, and the exit status is 2.
type WrongSettings struct{ Cause error }

// Error implements error: one fault a line.
func (e *WrongSettings) Error() string { return e.Cause.Error() }

// Unwrap answers the faults.
func (e *WrongSettings) Unwrap() error { return e.Cause }

// Main is the main function of a service: it runs until SIGINT or SIGTERM, then stops in order, and answers the
// exit status.
func Main(p Program) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	switch args := os.Args[1:]; {
	case len(args) == 0:
	case AsksForHelp(args[0]):
		fmt.Print(p.Usage)
		return 0
	case asks(args[0], "version", "v"):
		fmt.Println(p.Name, telemetry.ReadBuild())
		return 0
	case p.Commands[args[0]] != nil:
		return p.Commands[args[0]](ctx, args[1:])
	default:
		return Refuse(os.Stderr, p.Name, args[0])
	}
	return p.run(ctx, os.Stderr)
}

// AsksForHelp says whether the argument does.
func AsksForHelp(arg string) bool { return asks(arg, "help", "h") }

// Refuse tells of an argument that there is no use for and answers the exit status.
func Refuse(out io.Writer, program, arg string) int {
	fmt.Fprintf(out, "%s: unknown argument %q; `%s --help` tells what there is\n", program, arg, program)
	return statusWrong
}

// RefuseSettings tells of wrong settings, one a line, and answers the exit status.
func RefuseSettings(out io.Writer, program string, wrong error) int {
	fmt.Fprintf(visible.Writer(out), "%s: wrong settings:\n%v\n", program, wrong)
	return statusWrong
}

// asks says whether an argument is --long, -long, long or -short.
func asks(arg, long, short string) bool {
	return arg == long || arg == "-"+short || strings.TrimLeft(arg, "-") == long && strings.HasPrefix(arg, "-")
}

func (p Program) run(ctx context.Context, out io.Writer) int {
	logger := telemetry.NewLogger(out, slog.LevelInfo)
	service, err := p.Start(ctx, func(level slog.Level) *slog.Logger {
		logger = telemetry.NewLogger(out, level)
		telemetry.TakeLibraries(logger)
		IgnoreHangUp(logger)
		return logger
	})
	if wrong := (*WrongSettings)(nil); errors.As(err, &wrong) {
		return RefuseSettings(out, p.Name, wrong)
	}
	if err == nil {
		undo := context.AfterFunc(ctx, func() {
			logger.InfoContext(ctx, "stopping: what is under way is finished", slog.String("service", p.Name))
		})
		defer undo()
		err = UntilDone(ctx, service)
	}
	if err != nil {
		logger.ErrorContext(ctx, "the service ended", slog.String("service", p.Name), slog.Any("err", err))
		return statusFailed
	}
	logger.InfoContext(ctx, "stopped", slog.String("service", p.Name))
	return 0
}

// IgnoreHangUp keeps SIGHUP from ending the process: log rotation, `systemctl reload` and a terminal that closes send
// it. Each one leaves a line in the log; what is read anew is the business of watched.
func IgnoreHangUp(logger *slog.Logger) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
			logger.Info("SIGHUP: the files that settings name are read anew; the service goes on")
		}
	}()
}
