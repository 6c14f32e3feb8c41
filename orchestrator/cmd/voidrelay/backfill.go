package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const timesHelp = `Times: 2026-11-01T08:00:00+08:00 (RFC 3339), or 2026-11-01 08:00:00 or 2026-11-01,
which are Beijing time 北京时间 (UTC+8).
--to is not included: a day alone is its 00:00, so --from 2026-11-01 --to 2026-11-08 are the first seven days.`

func (sh *shell) backfillCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "backfill", Short: "回补 reads named bills again and cancels what they owe; `backfill plan` lists it first",
		GroupID: groupSteer, Args: cobra.NoArgs,
	}
	parent.AddCommand(sh.planCommand(), sh.applyCommand(), sh.backfillStartCommand(), sh.backfillItemsCommand())
	return parent
}

const namedBillsUse = "SCHEME (--from T [--to T] | --numbers A,B | --numbers-file F) --reason WHY"

func (sh *shell) planCommand() *cobra.Command {
	f := &namedBills{}
	cmd := &cobra.Command{
		Use: "plan " + namedBillsUse,
		Short: "试算回补 lists what a backfill would cancel, with the exact requests; " +
			"nothing is owed or sent until `apply`",
		Long: "Reads the named bills in Kingdee and lists what would be cancelled, and what is settled already. " +
			"Nothing is owed or sent.\n\n" + timesHelp,
		Args: args(1, namedBillsUse),
	}
	f.add(cmd)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		f.selection.PlanOnly = true
		b, err := sh.startBackfill(ctx, client, f, args[0])
		if err != nil || b == nil || r.printed(b) {
			return err
		}
		if err := sh.printItems(ctx, client,
			&orchestratorv1.ListBackfillItemsRequest{RunId: b.GetRunId()}, f.limit); err != nil {
			return err
		}
		sh.printTotals(b)
		switch {
		case b.GetState() != orchestratorv1.RunState_RUN_STATE_PLANNED:
		case b.GetBackfill().GetItemsNew()+b.GetBackfill().GetItemsHeld() == 0:
			fmt.Fprintln(sh.out, "没有可执行的 there is nothing to carry out")
		default:
			sh.printf(
				"尚未执行 nothing is owed yet. 执行 to carry it out: voidrelay backfill apply %d --reason … [--max N]; "+
					"放弃 to drop it: voidrelay runs cancel %d --reason …\n", b.GetRunId(), b.GetRunId())
		}
		return endedWell(b)
	})
}

func (sh *shell) backfillStartCommand() *cobra.Command {
	f := &namedBills{}
	cmd := &cobra.Command{
		Use:   "start " + namedBillsUse,
		Short: "不经计划直接回补 reads named bills again and cancels what they owe, without a plan",
		Long: "Reads the named bills in Kingdee and owes what the scheme owes for them; " +
			"what is owed already is not owed twice. The watermark stays.\n\n" + timesHelp,
		Args: args(1, namedBillsUse),
	}
	f.add(cmd)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		b, err := sh.startBackfill(ctx, client, f, args[0])
		if err != nil || b == nil || r.printed(b) {
			return err
		}
		return sh.printOutcome(ctx, client, b, f.limit)
	})
}

func (sh *shell) applyCommand() *cobra.Command {
	var request orchestratorv1.ApplyBackfillRequest
	var limit int
	cmd := &cobra.Command{
		Use:   "apply ID --reason WHY",
		Short: "执行计划 carries a plan out; each bill is read anew, and what changed since is refused",
		Args:  args(1, "ID --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	cmd.Flags().Int64Var(&request.MaxCount, "max", 0, "上限 do nothing if it would owe more (0 = as many as it lists)")
	requestFlag(cmd, &request.RequestId)
	limitFlag(cmd, &limit)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.RunId, err = runID(args[0]); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		answer, err := client.Runs.ApplyBackfill(call, &request)
		if err != nil {
			return err
		}
		b, err := sh.awaitBackfill(ctx, client, answer.GetRun())
		if err != nil || b == nil || r.printed(b) {
			return err
		}
		return sh.printOutcome(ctx, client, b, limit)
	})
}

func (sh *shell) backfillItemsCommand() *cobra.Command {
	var request orchestratorv1.ListBackfillItemsRequest
	var states []string
	var limit int
	cmd := &cobra.Command{
		Use:   "items ID",
		Short: "回补明细 what a backfill or a plan came to, each order with its request and what became of it",
		Args:  args(1, "ID"),
	}
	cmd.Flags().StringSliceVar(&states, "state", nil,
		"结论 new, already_owed, settled, held, nothing_owed, refused, undecodable; left out: all")
	limitFlag(cmd, &limit)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.RunId, err = runID(args[0]); err != nil {
			return err
		}
		if request.States, err = wordsOf[orchestratorv1.BackfillItemState](
			"--state", "BACKFILL_ITEM_STATE_", orchestratorv1.BackfillItemState_value, states,
		); err != nil {
			return err
		}
		if r.machine() {
			answer, err := paged(limit, &request, func() (*orchestratorv1.ListBackfillItemsResponse, error) {
				return client.Runs.ListBackfillItems(ctx, &request)
			})
			if err == nil {
				r.printed(answer)
			}
			return err
		}
		return sh.printItems(ctx, client, &request, limit)
	})
}

func limitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 200, "how many items to print")
}
