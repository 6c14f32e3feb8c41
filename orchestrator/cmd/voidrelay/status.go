package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// errNeedsPerson is the exit status of a look that found something for a person; it was printed.
var errNeedsPerson = errors.New("something needs a person")

func (sh *shell) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "总览 is anything wrong: one screen. Exit status 0 if nothing needs a person, 3 if something does",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := client.Status.GetStatus(ctx, &orchestratorv1.GetStatusRequest{})
		if err != nil {
			return err
		}
		if !r.printed(answer) {
			sh.printStatus(answer)
		}
		if answer.GetNeedsPerson() {
			return errNeedsPerson
		}
		return nil
	})
}

// headline says in one line how things stand. What waits for a person outweighs what stands still and ends by itself,
// and where that is so nobody shall read that all is well.
func headline(status *orchestratorv1.GetStatusResponse) string {
	switch {
	case status.GetNeedsPerson():
		return "需要人工处理 something needs a person: voidrelay work"
	case slices.ContainsFunc(status.GetConditions(), func(c *orchestratorv1.Condition) bool {
		return c.GetBlocksReading() || c.GetBlocksSending()
	}):
		return "没有待办；有状况使读取或发送停顿，排除后自动继续 no work waits for a person; a condition keeps reading or sending " +
			"waiting, and ends by itself"
	}
	return "无需人工处理 nothing needs a person"
}

// printStatus prints what stands still first, then how each scheme reads and sends, then the hosts.
func (sh *shell) printStatus(status *orchestratorv1.GetStatusResponse) {
	sh.printf("%s\n", headline(status))
	if len(status.GetConditions()) > 0 {
		fmt.Fprintln(sh.out)
		t := sh.newTable("状况 condition", "对象 subject", "开始 since", "情况 what happened")
		for _, c := range status.GetConditions() {
			t.row(c.GetKind(), subjectWords(c), moment(c.GetSinceTime().AsTime()), c.GetMessage())
			t.remark("处理 to do: " + c.GetAction())
		}
		t.print(sh.out)
	}
	for _, s := range status.GetSchemes() {
		sh.printf("\n方案 scheme %s\n", s.GetScheme())
		sh.printf("  读取 reading   截至 as of %s, 进度 watermark %s\n", moment(s.GetAsOfTime().AsTime()),
			moment(s.GetWatermarkTime().AsTime()))
		if s.GetStanding() != "" {
			sh.printf("                 %s\n", s.GetStanding())
		}
		sh.printf("  发送 sending   %s, 受阻于 blocked by %s\n", modeWords(s.GetMode()),
			cmp.Or(strings.Join(s.GetSendingBlockedBy(), ", "), "-"))
		for _, u := range s.GetUnsettled() {
			sh.printf("  未结 unsettled %s %d, 最早 oldest %s\n", stateWords(u.GetState()), u.GetCount(),
				moment(u.GetOldestTime().AsTime()))
		}
		sh.printf("  待办 work      %d\n", s.GetOpenWorkItems())
	}
	fmt.Fprintln(sh.out)
	t := sh.newTable("主机 host", "版本 version", "最近信号 last sign of life", "")
	for _, h := range status.GetHosts() {
		gone := ""
		if h.GetGone() {
			gone = "已失联 gone"
		}
		t.row(h.GetHost(), h.GetVersion(), moment(h.GetBeatTime().AsTime()), gone)
	}
	t.print(sh.out)
}
