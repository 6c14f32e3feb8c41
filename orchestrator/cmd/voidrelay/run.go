package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/kingdeesvc/sandbox/books"
	ksample "github.com/voidrelay/voidrelay/kingdeesvc/sandbox/sample"
	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

func (sh *shell) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "run",
		Short:   "在沙箱上演示一天，然后继续运行 plays a sample day on sandboxes and keeps running (make run)",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Starts everything as ` + "`up`" +
			` does on the two sandboxes, lets a sample day happen (audit, un-audit, edit,
void, restore), prints what became of it, and keeps running: void the next bill and watch. State is kept; the day is
played once per database.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return sh.run(cmd.Context()) },
	}
}

func (sh *shell) run(ctx context.Context) (err error) {
	var found error
	if real, mixed := install.RealVendors(sh.getenv); real || mixed != nil {
		found = errors.New("KINGDEE_BASE_URL, WMS_URL, WMS_ACCOUNTS_FILE: `run` plays on its own sandboxes; unset " +
			"them, or use `voidrelay up` for real vendors")
	}
	tell := newTeller(sh.out)
	opts := stageOptions{
		Options: install.Options{Getenv: loopbackOnly(sh.getenv), Sandboxes: true, Logger: sh.logger(slog.LevelWarn)},
	}
	s, err := openStage(ctx, opts, tell, found)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	err = sh.perform(ctx, s, tell)
	if ctx.Err() != nil {
		return nil // a signal, whatever it interrupted
	}
	return err
}

// loopbackOnly hides what would guard an open door: run and demo do not open one.
func loopbackOnly(getenv func(string) string) func(string) string {
	return func(name string) string {
		if name == "AUTH_CALLERS_FILE" || strings.HasPrefix(name, "TLS_") {
			return ""
		}
		return getenv(name)
	}
}

func (sh *shell) perform(ctx context.Context, s *stage, tell *teller) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := sh.playDay(ctx, s, client, tell, filepath.Join(s.stateDir, "day")); err != nil {
		return err
	}
	if err := sh.printBills(ctx, s, client, install.Day{}.Bills()); err != nil {
		return err
	}
	sh.printNext(s)
	return sh.follow(ctx, s, client)
}

// playDay lets the sample day happen, or what is left of it. The file remembers how far it came; empty remembers
// nothing.
func (sh *shell) playDay(ctx context.Context, s *stage, client *install.Client, tell *teller, file string) error {
	if err := tell.during(ctx, "基线 baseline: reading all live bills", client.Baseline); err != nil {
		return err
	}
	tell.say("基线完成 baseline complete: %d bills in Kingdee", len(s.vendors.Kingdee.Bills()))
	day := install.Day{
		Vendors: s.vendors, Client: client,
		Report: func(step ksample.Step, of int) {
			tell.say("%2d/%d %s %-36s %s", step.N, of, step.BillNo, actions(step.Do), step.RemarkZH)
		},
	}
	played := 0
	if file != "" {
		played = readCount(file)
		day.Played = func(n int) error { return os.WriteFile(file, []byte(strconv.Itoa(n)+"\n"), 0o600) }
	}
	if played >= len(ksample.Day()) {
		tell.say("样例日已演过，状态保留 the sample day was played before; its state was kept")
	} else if err := day.Play(ctx, played); err != nil {
		return err
	}
	if err := tell.meanwhile(ctx, s.cancelling, client.Settled); err != nil {
		return err
	}
	tell.say("没有到期的取消 nothing is due")
	return nil
}

func readCount(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	// a torn file begins the day anew; its steps are refused one by one
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func actions(do []books.Action) string {
	names := make([]string, len(do))
	for i, a := range do {
		names[i] = string(a)
	}
	return strings.Join(names, "+")
}

// printNext says where to look and how to void the next bill.
func (sh *shell) printNext(s *stage) {
	number := ""
	for _, b := range s.vendors.Kingdee.Bills() {
		if b.Live() && s.vendors.Cancellable(b) {
			number = b.BillNo
		}
	}
	rest := "http://" + s.stack.Orchestrator.HTTPAddr()
	sh.printf(`
REST      curl -s %s/v1/schemes
          curl -s %s/v1/cancellations
`, rest, rest)
	if private := s.database.Private(); private != nil {
		sh.printf(
			"SQL       psql \"$(cat %s)\" -c 'select bill_no, verdict, reason from reporting.bill_verdict'\n",
			filepath.Join(private.Dir(), "url"))
	}
	if number != "" {
		sh.printf(`
作废下一张单据 void the next bill:
          curl -s -X POST %s/control/bills/%s/cancel
          curl -s %s/v1/bills/%s
`, s.vendors.Kingdee.URL(), number, rest, number)
	}
	fmt.Fprintln(sh.out, "\n运行中，Ctrl-C 结束 running until Ctrl-C; new cancellations appear below")
}
