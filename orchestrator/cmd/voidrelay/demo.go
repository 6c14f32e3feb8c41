package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install"
)

// demoTime bounds the whole demo; an ordinary one takes about twenty seconds.
const demoTime = 5 * time.Minute

// errDisagree: the ledger and the sandboxes tell different stories.
var errDisagree = errors.New("the ledger and the sandboxes disagree")

func (sh *shell) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "demo",
		Short:   "同上，用临时数据库和空闲端口，演完即止 the same on a throw-away Postgres and free ports, and ends (make demo)",
		GroupID: groupRun,
		Args:    args(0, ""),
		Long: `Plays the sample day on throw-away everything, whatever the environment says, prints what became of it,
and holds the ledger against the truths that the two sandboxes keep. Exit status 1 if they disagree.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return sh.demo(cmd.Context()) },
	}
}

func (sh *shell) demo(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoTime, fmt.Errorf("the demo did not end within %s", demoTime))
	defer cancel()
	tell := newTeller(sh.out)
	opts := stageOptions{
		Options: install.Options{
			Getenv: func(string) string { return "" }, Sandboxes: true,
			FreePorts: true, Logger: sh.logger(slog.LevelWarn),
		},
		Throwaway: true,
	}
	s, err := openStage(ctx, opts, tell)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	client, err := s.client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := sh.playDay(ctx, s, client, tell, ""); err != nil {
		return err
	}
	if err := sh.printBills(ctx, s, client, install.Day{}.Bills()); err != nil {
		return err
	}
	return sh.compare(ctx, s, client)
}

// compare holds the ledger against both truths and says what it compared.
func (sh *shell) compare(ctx context.Context, s *stage, client *install.Client) error {
	c, err := install.Compare(ctx, s.vendors, client)
	if err != nil {
		return err
	}
	sh.printf(`
核对 compared with the sandboxes' own truths:
  金蝶 Kingdee   %d bills voided and %d un-audited today that the warehouse had: each has a cancellation per
                 warehouse, ended or in a person's hands
  旺店通 WMS     %d orders were asked to be cancelled, %d were: each once, each while its bill was voided or
                 un-audited, each known to the ledger
  账本 ledger    %d cancellations: what it calls done is cancelled in the WMS
`, c.Voided, c.UnAudited, c.Orders, c.Effects, c.Cancellations)
	if len(c.Disagreements) == 0 {
		fmt.Fprintln(sh.out, "一致 they agree")
		return nil
	}
	for _, line := range c.Disagreements {
		fmt.Fprintln(sh.out, "  ✗ "+line)
	}
	return fmt.Errorf("%w in %d points", errDisagree, len(c.Disagreements))
}
