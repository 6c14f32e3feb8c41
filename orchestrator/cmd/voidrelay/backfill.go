package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

const timesHelp = `Times: 2026-11-01T08:00:00+08:00 (RFC 3339), or 2026-11-01 08:00:00 or 2026-11-01, which are Beijing time 北京时间 (UTC+8).
--to is not included: a day alone is its 00:00, so --from 2026-11-01 --to 2026-11-08 are the first seven days.`

func (sh *shell) planCommand() *cobra.Command {
	f := &namedBills{}
	cmd := &cobra.Command{
		Use:     "plan SCHEME (--from T [--to T] | --numbers A,B | --numbers-file F) --reason WHY",
		Short:   "试算回补 lists what a backfill would cancel, with the exact requests; nothing is owed or sent until `apply`",
		Long:    "Reads the named bills in Kingdee and lists what would be cancelled, and what is settled already. Nothing is owed or sent.\n\n" + timesHelp,
		GroupID: groupSteer,
		Args:    args(1, "SCHEME (--from T [--to T] | --numbers A,B | --numbers-file F) --reason WHY"),
	}
	f.add(cmd)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		f.request.PlanOnly = true
		b, err := sh.startBackfill(ctx, client, f, args[0])
		if err != nil || b == nil || r.printJSON(b) {
			return err
		}
		if err := sh.printItems(ctx, client, &orchestratorv1.ListBackfillItemsRequest{BackfillId: b.GetBackfillId()}, f.limit); err != nil {
			return err
		}
		sh.printTotals(b)
		switch {
		case b.GetState() != orchestratorv1.BackfillState_BACKFILL_STATE_PLANNED:
		case b.GetItemsNew()+b.GetItemsHeld() == 0:
			fmt.Fprintln(sh.out, "没有可执行的 there is nothing to carry out")
		default:
			fmt.Fprintf(sh.out, "尚未执行 nothing is owed yet. 执行 to carry it out: voidrelay apply %d --reason … [--max N]; 放弃 to drop it: voidrelay backfill-cancel %d --reason …\n",
				b.GetBackfillId(), b.GetBackfillId())
		}
		return endedWell(b)
	})
}

func (sh *shell) backfillCommand() *cobra.Command {
	f := &namedBills{}
	cmd := &cobra.Command{
		Use:     "backfill SCHEME (--from T [--to T] | --numbers A,B | --numbers-file F) --reason WHY",
		Short:   "回补 reads named bills again and cancels what they owe; `plan` lists it first",
		Long:    "Reads the named bills in Kingdee and owes what the scheme owes for them; what is owed already is not owed twice. The watermark stays.\n\n" + timesHelp,
		GroupID: groupSteer,
		Args:    args(1, "SCHEME (--from T [--to T] | --numbers A,B | --numbers-file F) --reason WHY"),
	}
	f.add(cmd)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		b, err := sh.startBackfill(ctx, client, f, args[0])
		if err != nil || b == nil || r.printJSON(b) {
			return err
		}
		return sh.printOutcome(ctx, client, b, f.limit)
	})
}

func (sh *shell) applyCommand() *cobra.Command {
	var request orchestratorv1.ApplyBackfillRequest
	var limit int
	cmd := &cobra.Command{
		Use:     "apply ID --reason WHY",
		Short:   "执行计划 carries a plan out; each bill is read anew, and what changed since is refused",
		GroupID: groupSteer,
		Args:    args(1, "ID --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	cmd.Flags().Int64Var(&request.MaxCount, "max", 0, "上限 do nothing if it would owe more (0 = as many as it lists)")
	cmd.Flags().StringVar(&request.RequestId, "request-id", "", "makes the act repeatable: the same id does it once")
	limitFlag(cmd, &limit)
	return sh.askLong(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.BackfillId, err = backfillID(args[0]); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		answer, err := client.Runs.ApplyBackfill(call, &request)
		if err != nil {
			return err
		}
		b, err := sh.awaitBackfill(ctx, client, answer.GetBackfill())
		if err != nil || b == nil || r.printJSON(b) {
			return err
		}
		return sh.printOutcome(ctx, client, b, limit)
	})
}

func (sh *shell) backfillCancelCommand() *cobra.Command {
	var request orchestratorv1.CancelBackfillRequest
	cmd := &cobra.Command{
		Use:     "backfill-cancel ID --reason WHY",
		Short:   "撤销回补或计划 ends a backfill under way, or drops a plan; what it has owed stays owed",
		GroupID: groupSteer,
		Args:    args(1, "ID --reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.BackfillId, err = backfillID(args[0]); err != nil {
			return err
		}
		answer, err := client.Runs.CancelBackfill(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		sh.printTotals(answer.GetBackfill())
		return nil
	})
}

func (sh *shell) backfillsCommand() *cobra.Command {
	var request orchestratorv1.ListBackfillsRequest
	cmd := &cobra.Command{
		Use:     "backfills [SCHEME]",
		Short:   "回补和计划 backfills and plans, newest first",
		GroupID: groupAsk,
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().Int32Var(&request.PageSize, "limit", 20, "how many")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		if len(args) == 1 {
			request.Scheme = args[0]
		}
		answer, err := client.Runs.ListBackfills(ctx, &request)
		if err != nil || r.printJSON(answer) {
			return err
		}
		sh.printBackfills(answer.GetBackfills())
		return nil
	})
}

func (sh *shell) backfillItemsCommand() *cobra.Command {
	var request orchestratorv1.ListBackfillItemsRequest
	var states []string
	var limit int
	cmd := &cobra.Command{
		Use:     "backfill-items ID",
		Short:   "回补明细 what a backfill or a plan came to, each order with its request and what became of it",
		GroupID: groupAsk,
		Args:    args(1, "ID"),
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "结论 new, already_owed, settled, held, nothing_owed, refused, undecodable; left out: all")
	limitFlag(cmd, &limit)
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, args []string) error {
		var err error
		if request.BackfillId, err = backfillID(args[0]); err != nil {
			return err
		}
		if request.States, err = itemStates(states); err != nil {
			return err
		}
		if r.json {
			request.PageSize = int32(min(max(limit, 1), 500)) //nolint:gosec // bounded
			answer, err := client.Runs.ListBackfillItems(ctx, &request)
			if err != nil {
				return err
			}
			r.printJSON(answer)
			return nil
		}
		return sh.printItems(ctx, client, &request, limit)
	})
}

func limitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 200, "how many items to print")
}

func backfillID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%w: %q is no id of a backfill; `voidrelay backfills` lists them", errWrong, text)
	}
	return id, nil
}
