package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) schemeHistoryCommand() *cobra.Command {
	var request orchestratorv1.ListSchemeRevisionsRequest
	var limit int
	cmd := &cobra.Command{
		Use:   "history SCHEME",
		Short: "方案的历次版本 the revisions of a scheme, newest first: who, when, why, and what each changed",
		Args:  args(1, "SCHEME"),
	}
	limitOf(cmd, &limit, 50)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme = args[0]
		answer, err := paged(limit, &request, func() (*orchestratorv1.ListSchemeRevisionsResponse, error) {
			return client.Schemes.ListSchemeRevisions(ctx, &request)
		})
		if err != nil || r.printed(answer) {
			return err
		}
		t := sh.newTable("版本 revision", "时间 time", "谁 who", "原因 why", "改动 changed")
		for _, v := range answer.GetRevisions() {
			t.row(fmt.Sprint(v.GetRevision()), moment(v.GetCreateTime().AsTime()), v.GetActor(), v.GetReason(),
				changedWords(v))
		}
		t.print(sh.out)
		return nil
	})
}

// changedWords says in one cell what a revision changed.
func changedWords(v *orchestratorv1.SchemeRevision) string {
	if v.GetRevision() == 1 {
		return "首个版本 the first"
	}
	var words []string
	for _, p := range v.GetAdded() {
		words = append(words, "+ "+p.GetKind()+" "+p.GetName())
	}
	for _, p := range v.GetRemoved() {
		words = append(words, "- "+p.GetKind()+" "+p.GetName())
	}
	return strings.Join(append(words, v.GetChangedKeys()...), ", ")
}

func (sh *shell) schemeExportCommand() *cobra.Command {
	var request orchestratorv1.ExportSchemesRequest
	cmd := &cobra.Command{
		Use:   "export [SCHEME …]",
		Short: "导出方案 prints schemes as a file that `apply` takes: the named ones, else all that are not retired",
	}
	cmd.Flags().Int32Var(&request.Revision, "revision", 0, "某一版本 an earlier revision of the one scheme that is named")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Schemes = args
		answer, err := client.Schemes.ExportSchemes(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		_, err = fmt.Fprint(sh.document, answer.GetDocument())
		return err
	})
}

func (sh *shell) schemeRetireCommand() *cobra.Command {
	var request orchestratorv1.RetireSchemeRequest
	var yes bool
	const use = "SCHEME --reason WHY"
	cmd := &cobra.Command{
		Use:   "retire " + use,
		Short: "停用方案 ends a scheme: it is read and sent for no more; says what is withdrawn with it, and asks",
		Args:  args(1, use),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "不再询问 does not ask, for scripts")
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		request.Scheme, request.DryRun = args[0], true
		call, cancel := context.WithTimeout(ctx, callTime)
		ends, err := client.Schemes.RetireScheme(call, &request)
		cancel()
		if err != nil {
			return err
		}
		if !yes {
			if err := sh.confirm(fmt.Sprintf("停用 %s：%d 笔取消随之撤回，其中 %d 笔在途；%d 个占用随之失效 retire it: %d "+
				"cancellations are withdrawn with it, %d of them in flight, and %d claims end?", args[0],
				ends.GetCancellationCount(), ends.GetInFlight(), ends.GetClaimCount(),
				ends.GetCancellationCount(), ends.GetInFlight(), ends.GetClaimCount())); err != nil {
				return err
			}
		}
		request.DryRun = false
		call, cancel = context.WithTimeout(ctx, callTime)
		defer cancel()
		answer, err := client.Schemes.RetireScheme(call, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("已停用 retired  %s；撤回取消 cancellations withdrawn %d，其中在途 in flight %d；占用 claims %d\n",
			args[0], answer.GetCancellationCount(), answer.GetInFlight(), answer.GetClaimCount())
		return nil
	})
}
