package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// actFlags are what the acts on cancellations have in common.
type actFlags struct {
	filter          orchestratorv1.CancellationFilter
	states          []string
	from, to        string
	reason, request string
	bounds
}

// bounds keep an act from touching more, or something else, than was meant.
type bounds struct {
	dryRun bool
	most   int32
	token  string
	// all: the act is meant for everything of its scheme that it is for; yes: whoever asks has seen how many.
	all, yes bool
}

func (f *actFlags) add(cmd *cobra.Command) {
	flags, s := cmd.Flags(), &f.filter
	flags.Int64SliceVar(&s.CancellationIds, "ids", nil,
		"these cancellations 取消记录号; else those that have all of the following in common")
	flags.StringSliceVar(&f.states, "state", nil,
		"状态 open, held, needs_attention, dry_run, closed, done; left out: those that the act is usually for")
	flags.StringVar(&s.BillNo, "bill", "", "单据 bill number")
	flags.StringVar(&s.WarehouseCode, "warehouse", "", "仓库 warehouse code in the WMS")
	flags.StringVar(&s.Account, "account", "", "WMS account")
	flags.StringVar(&s.Disposition, "disposition", "", "what the last answer came to, such as rejected")
	flags.StringVar(&s.VendorMessage, "text", "", "答复 the last answer's text")
	flags.StringVar(&s.VendorCode, "code", "", "错误码 the last answer's code")
	flags.StringVar(&s.WorkKind, "kind", "", "待办 with an open work item of this kind")
	flags.Int64Var(&s.WorkItemId, "item", 0, "待办号 those of this work item, or that wait for its text")
	flags.StringVar(&s.HoldReason, "hold", "", "待放行原因 held for this reason")
	flags.StringVar(&f.from, "from", "", "起 created at or after, such as 2026-11-26 or 2026-11-26 08:00 (Beijing time)")
	flags.StringVar(&f.to, "to", "", "止 created before")
	f.bounds.add(cmd)
	flags.BoolVar(&f.all, "all", false, "全部 everything of the scheme that the act is for; asks first")
	flags.BoolVar(&f.yes, "yes", false, "不再询问 does not ask, for scripts: with --all")
	requestFlag(cmd, &f.request)
	reasonFlag(cmd, &f.reason)
}

func (b *bounds) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&b.dryRun, "dry-run", false, "试算 count and list only; prints a token")
	cmd.Flags().Int32Var(&b.most, "max", 0, "上限 do nothing if it would touch more (100; with --token any number)")
	cmd.Flags().StringVar(&b.token, "token", "", "试算令牌 of a dry run: do nothing if it would touch something else now")
}

// complete reads what flags cannot.
func (f *actFlags) complete(scheme string) error {
	f.filter.Scheme = scheme
	for _, word := range f.states {
		value, ok := orchestratorv1.CancellationState_value["CANCELLATION_STATE_"+strings.ToUpper(word)]
		if !ok || value == 0 {
			return fmt.Errorf("%w: --state: there is no state %q", errWrong, word)
		}
		f.filter.States = append(f.filter.States, orchestratorv1.CancellationState(value))
	}
	return readTimes(f.from, &f.filter.CreateTimeFrom, f.to, &f.filter.CreateTimeTo)
}

// resulting is an answer with what an act did.
type resulting interface {
	proto.Message
	GetResult() *orchestratorv1.ActionResult
}

// actCommand makes a command of an act on selected cancellations.
func (sh *shell) actCommand(
	use, short, did string, do func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error),
) *cobra.Command {
	f := &actFlags{}
	cmd := &cobra.Command{
		Use: use + " SCHEME --reason WHY", Short: short, GroupID: groupSteer, Args: args(1, "SCHEME --reason WHY"),
	}
	f.add(cmd)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		if err := f.complete(args[0]); err != nil {
			return err
		}
		if err := sh.agree(ctx, client, f, did, do); err != nil {
			return err
		}
		answer, err := do(ctx, client, f)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printResult(did, answer.GetResult())
		return nil
	})
}

// agree lets an act that names nothing but its scheme go on only if everything is meant: it counts what that is, asks
// whoever sits at a terminal, and has the act touch exactly what was counted.
func (sh *shell) agree(
	ctx context.Context, client *install.Client, f *actFlags, did string,
	do func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error),
) error {
	if f.dryRun || f.token != "" || namesSomething(&f.filter) {
		return nil
	}
	if !f.all {
		return fmt.Errorf("%w: 说明是哪些 say which cancellations (--ids, --bill, --kind, --hold …), or --all", errWrong)
	}
	f.dryRun = true
	counted, err := do(ctx, client, f)
	f.dryRun = false
	if err != nil {
		return err
	}
	result := counted.GetResult()
	f.token = result.GetToken()
	if f.yes || result.GetCount() == 0 {
		return nil
	}
	return sh.confirm(fmt.Sprintf("%s %d 条，确定 for all %d of them?", did, result.GetCount(), result.GetCount()))
}

// namesSomething says whether a filter has more than a scheme and states.
func namesSomething(f *orchestratorv1.CancellationFilter) bool {
	return !proto.Equal(f, &orchestratorv1.CancellationFilter{Scheme: f.GetScheme(), States: f.GetStates()})
}

func (sh *shell) retryCommand() *cobra.Command {
	return sh.actCommand("retry", "重试 asks the WMS again; each is verified in Kingdee before it is sent", "重试 retried",
		func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error) {
			return client.Cancellations.RetryCancellations(ctx, &orchestratorv1.RetryCancellationsRequest{
				Filter: &f.filter, Reason: f.reason, RequestId: f.request, DryRun: f.dryRun,
				MaxCount: f.most, Token: f.token,
			})
		})
}

func (sh *shell) ignoreCommand() *cobra.Command {
	return sh.actCommand("ignore", "不取消 leaves the order in the warehouse as it is", "不取消 ignored",
		func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error) {
			return client.Cancellations.IgnoreCancellations(ctx, &orchestratorv1.IgnoreCancellationsRequest{
				Filter: &f.filter, Reason: f.reason, RequestId: f.request, DryRun: f.dryRun,
				MaxCount: f.most, Token: f.token,
			})
		})
}

func (sh *shell) doneCommand() *cobra.Command {
	return sh.actCommand("done", "标记已取消 says that the order is cancelled, by hand or otherwise", "标记已取消 marked done",
		func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error) {
			return client.Cancellations.MarkCancellationsDone(ctx, &orchestratorv1.MarkCancellationsDoneRequest{
				Filter: &f.filter, Reason: f.reason, RequestId: f.request, DryRun: f.dryRun,
				MaxCount: f.most, Token: f.token,
			})
		})
}

func (sh *shell) releaseCommand() *cobra.Command {
	return sh.actCommand("release", "放行 lets held cancellations go; each is verified in Kingdee before it is sent",
		"放行 released",
		func(ctx context.Context, client *install.Client, f *actFlags) (resulting, error) {
			return client.Cancellations.ReleaseCancellations(ctx, &orchestratorv1.ReleaseCancellationsRequest{
				Filter: &f.filter, Reason: f.reason, RequestId: f.request, DryRun: f.dryRun,
				MaxCount: f.most, Token: f.token,
			})
		})
}

// printResult says what was done, or would be, and what was refused and why.
func (sh *shell) printResult(did string, result *orchestratorv1.ActionResult) {
	if result.GetDryRun() {
		did = "试算，未执行 only counted: " + did
	}
	sh.printf("%s %d\n", did, result.GetCount())
	if result.GetToken() != "" {
		sh.printf("令牌 to do exactly this: --token %s\n", result.GetToken())
	}
	if len(result.GetRefused()) == 0 {
		return
	}
	t := sh.newTable("取消 id", "待办 item", "单据 bill", "不适用的原因 not done because")
	for _, refused := range result.GetRefused() {
		t.row(idText(refused.GetCancellationId()), idText(refused.GetWorkItemId()),
			refused.GetBillNo(), refused.GetMessage())
	}
	sh.printf("不适用 refused %d\n", result.GetRefusedCount())
	t.print(sh.out)
}

func idText(id int64) string {
	if id == 0 {
		return "-"
	}
	return fmt.Sprint(id)
}
