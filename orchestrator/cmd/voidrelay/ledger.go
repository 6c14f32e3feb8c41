package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

func (sh *shell) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ledger",
		Short:   "账本记忆 whether the ledger has all that this host has seen of it, and what to do if not",
		GroupID: groupSteer,
	}
	cmd.AddCommand(sh.ledgerShowCommand(), sh.ledgerConfirmCommand())
	return cmd
}

func (sh *shell) ledgerShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "账本缺了什么 what the host remembers, and what is missing where the ledger went back",
		Args:  args(0, ""),
	}
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		answer, err := client.Ledger.GetLedgerMemory(ctx, &orchestratorv1.GetLedgerMemoryRequest{})
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printMemory(answer)
		return nil
	})
}

func (sh *shell) ledgerConfirmCommand() *cobra.Command {
	var request orchestratorv1.ConfirmLedgerRequest
	var yes bool
	cmd := &cobra.Command{
		Use:   "confirm --reason WHY",
		Short: "确认账本 shows what is missing, then lets a ledger that went back count as it is",
		Args:  args(0, "--reason WHY"),
	}
	reasonFlag(cmd, &request.Reason)
	requestFlag(cmd, &request.RequestId)
	cmd.Flags().BoolVar(&yes, "yes", false, "不再询问 does not ask, for scripts")
	return sh.ask(cmd, func(ctx context.Context, r *remote, client *install.Client, _ []string) error {
		memory, err := client.Ledger.GetLedgerMemory(ctx, &orchestratorv1.GetLedgerMemoryRequest{})
		if err != nil {
			return err
		}
		if memory.GetLoss() != nil && !yes {
			if !r.machine() {
				sh.printMemory(memory)
			}
			if err := sh.confirm("以上缺少的不会再补回，账本从此照现状继续 what is missing stays missing, and work goes on by " +
				"this ledger as it is?"); err != nil {
				return err
			}
		}
		answer, err := client.Ledger.ConfirmLedger(ctx, &request)
		if err != nil || r.printed(answer) {
			return err
		}
		sh.printf("已确认 confirmed; 数秒内继续读取和发送 reading and sending go on within seconds; "+
			"缺 missing: 操作 acts %d, 结果 outcomes %d\n", answer.GetActCount(), answer.GetOutcomeCount())
		return nil
	})
}

// printMemory prints what a host remembers, and what its ledger lacks.
func (sh *shell) printMemory(memory *orchestratorv1.GetLedgerMemoryResponse) {
	if !memory.GetRemembers() {
		fmt.Fprintln(sh.out, "该主机没有 STATE_DIR，不记得账本 this host has no STATE_DIR and remembers nothing of the ledger")
		return
	}
	sh.printf("记得到事件 seen up to event %d (%s)\n", memory.GetSeenEventNumber(),
		moment(memory.GetSeenEventTime().AsTime()))
	loss := memory.GetLoss()
	if loss == nil {
		fmt.Fprintln(sh.out, "账本都有 the ledger has all of it")
		return
	}
	sh.printf("账本变旧 the ledger went back: 到事件 it ends at event %d (%s)\n", loss.GetNewestEventNumber(),
		moment(loss.GetNewestEventTime().AsTime()))
	if loss.GetAnotherLedger() {
		fmt.Fprintln(sh.out, "  不是记得的那个账本 it is another ledger")
	}
	if loss.GetAnotherServer() {
		fmt.Fprintln(sh.out, "  另一台数据库服务器 it is on another server")
	}
	if loss.GetAnotherTimeline() {
		fmt.Fprintln(sh.out, "  数据库发生过切换或恢复 the server has another history: it took over, or was restored")
	}
	sh.printf("\n缺少的操作 acts that are missing: %d\n", loss.GetActCount())
	if len(loss.GetActs()) > 0 {
		t := sh.newTable("时间 time", "操作 act", "方案 scheme", "操作人 who", "原因 why")
		for _, a := range loss.GetActs() {
			t.row(moment(a.GetActTime().AsTime()), a.GetVerbZh()+" "+a.GetVerb(), a.GetScheme(), a.GetActor(),
				a.GetReason())
		}
		t.print(sh.out)
	}
	sh.printf("\n缺少的结果 outcomes that are missing: %d\n", loss.GetOutcomeCount())
	if len(loss.GetOutcomes()) > 0 {
		t := sh.newTable("时间 time", "单据 bill", "仓库单 order", "结果 outcome", "方案 scheme")
		for _, o := range loss.GetOutcomes() {
			t.row(moment(o.GetOutcomeTime().AsTime()), o.GetBillNo(), o.GetOrder(),
				stateWords(o.GetState())+" "+o.GetOutcome(), o.GetScheme())
		}
		t.print(sh.out)
	}
}
