package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/internal/serve"
	"github.com/voidrelay/voidrelay/internal/telemetry"
	"github.com/voidrelay/voidrelay/internal/visible"
)

// shell is what every command has.
type shell struct {
	getenv   func(string) string
	out, err io.Writer
	// screen: out is a terminal.
	screen bool
	// document is where documents go, which are files of somebody: as they are, unless out is a terminal.
	document io.Writer
	// in is where a person answers, if it is a terminal.
	in       io.Reader
	terminal bool
	// asking: a person is asked something; nil where nothing waits.
	asking *atomic.Bool
	// found: the command line named a command and its arguments fit.
	found bool
}

// execute runs one command line and answers its exit status.
func execute(ctx context.Context, sh *shell, line []string) int {
	sh.document = sh.out
	sh.out, sh.err = visible.Writer(sh.out), visible.Writer(sh.err)
	if sh.screen {
		sh.document = sh.out
	}
	root := sh.root()
	root.SetArgs(line)
	err := root.ExecuteContext(ctx)
	if err != nil && !sh.found {
		err = fmt.Errorf("%w: %w", errWrong, err)
	}
	return sh.status(err)
}

func (sh *shell) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "voidrelay",
		Short:         "金蝶单据作废后，取消旺店通WMS的仓库单 cancels the warehouse orders of bills that are voided in Kingdee",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       telemetry.ReadBuild().String(),
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetOut(sh.out)
	root.SetErr(sh.err)
	root.PersistentPreRun = func(*cobra.Command, []string) { sh.found = true }
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "运行 Run:"},
		&cobra.Group{ID: groupAsk, Title: "查询 Ask:"},
		&cobra.Group{ID: groupSteer, Title: "操作 Steer:"},
	)
	root.AddCommand(sh.upCommand(), sh.runCommand(), sh.demoCommand(), sh.migrateCommand(), sh.schemeCommand(),
		sh.checkCommand(), sh.tokenCommand(), sh.initCommand(), sh.certCommand())
	root.AddCommand(sh.statusCommand(), sh.billCommand(), sh.billsCommand(), sh.cancellationsCommand(),
		sh.workCommand(),
		sh.conditionsCommand(),
		sh.schemesCommand(), sh.runsCommand(), sh.eventsCommand())
	root.AddCommand(sh.readCommand(), sh.releaseCommand(), sh.resumeCommand(), sh.modeCommand())
	root.AddCommand(sh.pauseCommand(), sh.stopAllCommand(), sh.resumeAllCommand(), sh.watermarkCommand(),
		sh.watermarkChangesCommand(), sh.ledgerCommand())
	root.AddCommand(sh.retryCommand(), sh.ignoreCommand(), sh.doneCommand(), sh.reclassifyCommand(),
		sh.closeCommand(), sh.actionsCommand())
	root.AddCommand(sh.backfillCommand())
	root.AddCommand(sh.versionCommand())
	root.Long = root.Short + "\n\n" + exitWords
	sh.completions(root)
	sh.translate(root)
	return root
}

// exitWords are in the help of the whole.
const exitWords = `Exit status 退出码:
  0  done 完成
  1  something failed 失败: it may be tried again
  2  a setting, an argument or what was asked for is wrong 设置或参数有误: trying again changes nothing
  3  status: something needs a person 需要人工处理

Where to 连接: --server (ORCHESTRATOR_TARGET), --token-file (VOIDRELAY_TOKEN, VOIDRELAY_TOKEN_FILE), --ca-file
(VOIDRELAY_CA_FILE), --cert-file and --key-file (VOIDRELAY_CERT_FILE, VOIDRELAY_KEY_FILE).`

const (
	groupRun   = "run"
	groupAsk   = "ask"
	groupSteer = "steer"
)

// args checks the number of arguments and says what is wanted.
func args(n int, want string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if len(given) != n {
			return fmt.Errorf("want `%s`", strings.TrimSpace(cmd.CommandPath()+" "+want))
		}
		return nil
	}
}

// logger writes to the error output, from the given level or the one in LOG_LEVEL on. What libraries print takes the
// same way, and SIGHUP ends nothing.
func (sh *shell) logger(level slog.Level) *slog.Logger {
	if value := sh.getenv("LOG_LEVEL"); value != "" {
		// A wrong one is reported with all other settings.
		_ = level.UnmarshalText([]byte(value))
	}
	logger := telemetry.NewLogger(sh.err, level)
	telemetry.TakeLibraries(logger)
	serve.IgnoreHangUp(logger)
	return logger
}
