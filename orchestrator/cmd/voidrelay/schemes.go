package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/form"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/scheme"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) schemesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "schemes",
		Short:   "方案及其读取进度 schemes, how far they have read, and how they stand",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		var request orchestratorv1.ListSchemesRequest
		answer, err := paged(0, &request, func() (*orchestratorv1.ListSchemesResponse, error) {
			return client.Schemes.ListSchemes(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		for _, s := range answer.GetSchemes() {
			printScheme(sh, s)
		}
		return nil
	})
}

func printScheme(sh *shell, s *orchestratorv1.Scheme) {
	sh.printf("%s  %s\n", s.GetScheme(), s.GetTitle())
	state := "运行 running"
	if s.GetState() == orchestratorv1.SchemeState_SCHEME_STATE_STOPPED {
		state = "已停止 stopped"
	}
	sh.printf("  状态 state          %s\n", state)
	sh.printf("  模式 mode           %s\n", sh.words(modeWords(s.GetMode())))
	printConditions(sh, s)
	sh.printf("  账套 accounts       %s → %s\n", s.GetDataCenterId(), strings.Join(s.GetWmsAccounts(), ", "))
	watermark := "尚无，基线未完成 none yet, the baseline is not complete"
	if s.GetWatermarkTime() != nil {
		watermark = moment(s.GetWatermarkTime().AsTime())
	}
	sh.printf("  读取进度 watermark  %s\n", watermark)
	if s.GetLastRunTime() != nil {
		sh.printf("  最近 last           %s, %d 行 rows\n",
			moment(s.GetLastRunTime().AsTime()), s.GetLastRunRows())
	}
	counts := s.GetCancellationCounts()
	parts := make([]string, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	sh.printf("  取消 cancels        %s\n", strings.Join(parts, ", "))
	sh.printf("  待办 work           %d\n", s.GetOpenWorkItems())
}

func (sh *shell) schemeCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "scheme", Short: "方案：检查、比较、应用、历次版本、停用 schemes: check, diff, apply, history, export, retire",
		GroupID: groupRun, Args: cobra.NoArgs,
	}
	parent.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "不连接任何系统，检查方案文件 checks a scheme file without connecting to anything",
		Args:  args(1, "FILE"),
		RunE:  func(_ *cobra.Command, args []string) error { return sh.checkScheme(args[0]) },
	})
	parent.AddCommand(&cobra.Command{
		Use:   "example [FORM]",
		Short: "打印自带方案，作为起点 prints the shipped scheme of a form, to start from",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return sh.printExample(args) },
	})
	parent.AddCommand(sh.schemeDiffCommand(), sh.schemeApplyCommand(), sh.schemeHistoryCommand(),
		sh.schemeExportCommand(), sh.schemeRetireCommand())
	return parent
}

// printExample prints the shipped scheme of a form, of the first one if none is named.
func (sh *shell) printExample(named []string) error {
	id := form.All[0].ID
	if len(named) > 0 {
		id = named[0]
	}
	document, err := scheme.ShippedFor(id)
	if errors.Is(err, scheme.ErrNoForm) {
		ids := make([]string, len(form.All))
		for i, f := range form.All {
			ids[i] = f.ID
		}
		return fmt.Errorf("%w: there is no form %q; those that are: %s", errScheme, id, strings.Join(ids, ", "))
	}
	if err != nil {
		return err
	}
	_, err = sh.document.Write(document)
	return err
}

// checkScheme prints what a file says, or every fault of it with its line.
func (sh *shell) checkScheme(file string) error {
	schemes, err := scheme.LoadFile(file)
	if err != nil {
		return fmt.Errorf("%w:\n%w", errScheme, err)
	}
	for _, s := range schemes {
		sh.printf("%s  %s\n  账套 data centre %s → 旺店通 WMS %s\n",
			s.Name, s.Title, s.DataCenter, strings.Join(s.Accounts(), ", "))
		kinds := make([]string, 0, len(s.Kinds()))
		for _, kind := range s.Kinds() {
			kinds = append(kinds, fmt.Sprint(kind))
		}
		triggers := make([]string, 0, len(s.Triggers))
		for _, trigger := range s.Triggers {
			triggers = append(triggers, string(trigger))
		}
		sh.printf("  触发 triggers %s; 种类 kinds %s\n", strings.Join(triggers, ", "), strings.Join(kinds, ", "))
		if err := s.CheckFor(scheme.Real); err != nil {
			fmt.Fprintf(sh.out, "  只能用于沙箱 fit for sandboxes only:\n    %s\n",
				strings.ReplaceAll(err.Error(), "\n", "\n    "))
		} else {
			fmt.Fprintln(sh.out, "  可用于真实账套（先仅观察）fit for real vendors, in dry run at first")
		}
	}
	return nil
}
