package telemetry

import (
	"fmt"
	"log" //nolint:depguard // what others print through it is what we are after
	"log/slog"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// TakeLibraries sends what libraries of this process print of their own accord the way of our log: grpc and
// grpc-gateway, Go's own log package, and OpenTelemetry. It concerns the whole process, so only a main function
// calls it, once.
func TakeLibraries(logger *slog.Logger) {
	logger = OnChange(logger)
	grpclog.SetLoggerV2(&grpcLog{logger.With("library", "grpc")})
	log.SetFlags(0)
	log.SetOutput(lines{logger.With("library", "log")})
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		logger.Warn("telemetry could not be sent", slog.String("library", "otel"), slog.Any("err", err))
	}))
	otel.SetLogger(logr.Discard()) // it quotes headers, which hold secrets; the settings are checked before
}

// HTTPErrors is the ErrorLog of an http.Server: what callers' broken connections and handshakes cause is a warning.
func HTTPErrors(logger *slog.Logger) *log.Logger {
	return log.New(lines{OnChange(logger).With("library", "net/http")}, "", 0)
}

// lines writes each line that a library prints as the cause of one warning.
type lines struct{ logger *slog.Logger }

// Write implements io.Writer.
func (l lines) Write(text []byte) (int, error) {
	l.logger.Warn("a library complains", slog.String("err", strings.TrimSpace(string(text))))
	return len(text), nil
}

// grpcLog implements grpclog.LoggerV2: warnings and errors are told, the rest is not.
type grpcLog struct{ logger *slog.Logger }

func (*grpcLog) Info(...any)          {}
func (*grpcLog) Infoln(...any)        {}
func (*grpcLog) Infof(string, ...any) {}

func (g *grpcLog) Warning(args ...any)             { g.warn(fmt.Sprint(args...)) }
func (g *grpcLog) Warningln(args ...any)           { g.warn(fmt.Sprintln(args...)) }
func (g *grpcLog) Warningf(form string, a ...any)  { g.warn(fmt.Sprintf(form, a...)) }
func (g *grpcLog) Error(args ...any)               { g.fail(fmt.Sprint(args...)) }
func (g *grpcLog) Errorln(args ...any)             { g.fail(fmt.Sprintln(args...)) }
func (g *grpcLog) Errorf(form string, args ...any) { g.fail(fmt.Sprintf(form, args...)) }
func (g *grpcLog) Fatal(args ...any)               { g.die(fmt.Sprint(args...)) }
func (g *grpcLog) Fatalln(args ...any)             { g.die(fmt.Sprintln(args...)) }
func (g *grpcLog) Fatalf(form string, args ...any) { g.die(fmt.Sprintf(form, args...)) }

// V says that details are not wanted.
func (*grpcLog) V(int) bool { return false }

func (g *grpcLog) warn(text string) {
	g.logger.Warn("a library complains", slog.String("err", strings.TrimSpace(text)))
}

func (g *grpcLog) fail(text string) {
	g.logger.Error("a library complains", slog.String("err", strings.TrimSpace(text)))
}

func (g *grpcLog) die(text string) {
	g.fail(text)
	os.Exit(1)
}
