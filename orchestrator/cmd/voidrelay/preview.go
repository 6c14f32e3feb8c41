package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) previewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "preview FILE",
		Short: "预览方案文件的改动 says what a scheme file would change on a running orchestrator; nothing is stored",
		Args:  args(1, "FILE"),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		text, err := os.ReadFile(args[0])
		if err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
		answer, err := client.Schemes.PreviewSchemes(ctx, &orchestratorv1.PreviewSchemesRequest{Document: string(text)})
		if err != nil || r.printJSON(answer) {
			return err
		}
		for _, p := range answer.GetSchemes() {
			printPreview(sh, p)
		}
		return nil
	})
}

var changeWords = map[orchestratorv1.SchemeChange]string{
	orchestratorv1.SchemeChange_SCHEME_CHANGE_NONE:     "无变化 unchanged",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_NEW:      "新方案 new",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_REVISED:  "新版本 revised",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_REMOVED:  "移除 removed, would no longer read or send",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_REFUSED:  "拒绝 refused",
	orchestratorv1.SchemeChange_SCHEME_CHANGE_RETURNED: "恢复 returns, would read and send again from its watermark on",
}

func printPreview(sh *shell, p *orchestratorv1.SchemePreview) {
	revision := fmt.Sprint(p.GetNextRevision())
	if before := p.GetRevision(); before > 0 && before != p.GetNextRevision() {
		revision = fmt.Sprintf("%d → %s", before, revision)
	}
	fmt.Fprintf(sh.out, "%s  %s  版本 revision %s\n", p.GetScheme(), changeWords[p.GetChange()], revision)
	for _, part := range p.GetAdded() {
		fmt.Fprintf(sh.out, "  + %s %s  从加载时起 counts from the moment it is loaded\n",
			partWords(part.GetKind()), part.GetName())
	}
	for _, part := range p.GetRemoved() {
		fmt.Fprintf(sh.out, "  - %s %s  不再取消 owes nothing new any longer\n", partWords(part.GetKind()), part.GetName())
	}
	if keys := p.GetChangedKeys(); len(keys) > 0 {
		fmt.Fprintf(sh.out, "  改动 changed  %s\n", strings.Join(keys, ", "))
	}
	if p.GetRefusal() != "" {
		fmt.Fprintf(sh.out, "  原因 because  %s\n", p.GetRefusal())
	}
	if n := p.GetOpenCancellations(); n > 0 {
		fmt.Fprintf(sh.out, "  未了结 open    %d, 保持原决定 stay as they were decided\n", n)
	}
}

func partWords(kind string) string {
	switch rule.PartKind(kind) {
	case rule.PartTrigger:
		return "触发 trigger"
	case rule.PartOrganisation:
		return "组织 organisation"
	case rule.PartWarehouse:
		return "仓库 warehouse"
	case rule.PartOrderKind:
		return "种类 kind"
	}
	return kind
}
