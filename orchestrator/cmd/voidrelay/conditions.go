package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) conditionsCommand() *cobra.Command {
	var request orchestratorv1.ListConditionsRequest
	cmd := &cobra.Command{
		Use:     "conditions",
		Short:   "状况 what stands still and why, and what to do",
		GroupID: groupAsk,
		Args:    args(0, ""),
	}
	cmd.Flags().BoolVar(&request.IncludeEnded, "all", false, "已结束的也列出 those that have ended, too")
	cmd.Flags().StringVar(&request.Scheme, "scheme", "", "只看该方案受影响的 only what this scheme feels")
	var limit int
	var kinds []string
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "种类 only these, such as wms_away")
	limitOf(cmd, &limit, 500)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListConditionsResponse, error) {
			return client.Work.ListConditions(ctx, &request)
		})
		if err != nil {
			return err
		}
		if answer.Conditions, err = ofKinds(answer.GetConditions(), kinds, conditionKinds()); err != nil ||
			r.printed(answer) {
			return err
		}
		if len(answer.GetConditions()) == 0 {
			fmt.Fprintln(sh.out, "一切正常 nothing stands still")
			return nil
		}
		t := sh.newTable("状况 condition", "对象 subject", "开始 since", "情况 what happened")
		for _, c := range answer.GetConditions() {
			t.row(c.GetKind(), subjectWords(c), moment(c.GetSinceTime().AsTime()), c.GetMessage())
			if c.GetEndTime() != nil {
				t.remark(fmt.Sprintf("已结束 ended %s: %s", moment(c.GetEndTime().AsTime()), c.GetEndReason()))
			} else {
				t.remark("处理 to do: " + c.GetAction())
			}
		}
		t.print(sh.out)
		if answer.GetNextPageToken() != "" {
			fmt.Fprintln(sh.out, "… 还有更多 there are more: --limit")
		}
		return nil
	})
}

// subjectWords is what a condition is about, in a word or two.
func subjectWords(c *orchestratorv1.Condition) string {
	words := ""
	for _, name := range []string{
		c.GetScheme(), c.GetDataCenterId(), c.GetAccount(), c.GetTrigger(), c.GetHost(), c.GetReason(),
	} {
		if name != "" && words != "" {
			words += " "
		}
		words += name
	}
	if words == "" {
		return "全部 everything"
	}
	return words
}

// printConditions says what a scheme feels.
func printConditions(sh *shell, s *orchestratorv1.Scheme) {
	for _, c := range s.GetConditions() {
		sh.printf("  状况 condition      %s, %s 起: %s\n", c.GetKind(), moment(c.GetSinceTime().AsTime()),
			c.GetMessage())
		sh.printf("                      处理 to do: %s\n", c.GetAction())
	}
}
