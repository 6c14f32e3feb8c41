// Command bench prints the figures of voidrelay: how soon a void is a cancel, one at a time and at a hundred a second;
// how fast a heap of them is worked off; how fast a backfill is; how that compares with the barest loop of signed
// requests, and with a second orchestrator; what an incremental run costs when the ledger is old; and what each service
// takes of memory and CPU for all that.
//
// It starts everything as processes of their own, this very program under other roles: kingdeesvc, wmssvc and
// orchestrator, as package install puts them together, and both sandboxes in one more process, so that their work does
// not count as ours. Postgres is a throw-away one that syncs as a real one does. Everything is on loopback and ends
// with this program.
//
// A figure counts only if it is right: after each measurement the ledger is held against both sandboxes' truths. The
// exit status is 1 if they differ or a service took too much memory. Speed is printed beside what is hoped for, and
// fails nothing: it is the machine's as much as ours.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/install/privatepg"
)

// timeLimit ends a run that hangs; all of it takes about a quarter of an hour.
const timeLimit = 45 * time.Minute

// bench is one run.
type bench struct {
	postgres *privatepg.Server
	// profiles is the folder for profiles; empty for none.
	profiles string
	// singles are voided one by one, perMinute a hundred a second, bills at once, round and hostRound in each round of
	// the comparisons that send; ledger is how many cancellations an old ledger has, rows how many one is filled with
	// for its size.
	singles, perMinute, bills, round, hostRound, ledger, rows int
	// backfills are the bills that one backfill reads.
	backfills int
	// remaps are the bills whose snapshots one remap maps.
	remaps int
	// rounds are taken of each comparison, after warm cancellations; quiet are the incremental runs of a round that
	// find nothing.
	rounds, warm, quiet int
	// wait is the one WMS latency that ratio measures; below 0 it measures each of them.
	wait     time.Duration
	logger   *slog.Logger
	failures []string
}

// measurement is one part of a run that can be asked for alone.
type measurement struct {
	name string
	run  func(*bench, context.Context) error
}

var measurements = []measurement{
	{"latency", (*bench).latency},
	{"rate", (*bench).rate},
	{"backlog", (*bench).backlog},
	{"ratio", (*bench).ratio},
	{"hosts", (*bench).hosts},
	{"backfill", (*bench).backfill},
	{"remap", (*bench).remap},
	{"incremental", (*bench).incremental},
	{"size", (*bench).size},
}

func main() {
	if status, played := playRole(); played {
		os.Exit(status)
	}
	b := &bench{rounds: rounds, warm: warmCount, quiet: incrementalQuiet}
	flag.DurationVar(&b.wait, "wait", -1, "the one WMS latency that ratio measures; below 0 it measures each of them")
	only := flag.String("only", "", "measure only these, of "+names())
	flag.StringVar(&b.profiles, "profile",
		"", "existing `folder` for CPU profiles of all processes; also shows Postgres' own statistics")
	flag.IntVar(&b.singles, "singles", latencyVoids, "bills that are voided one by one, for the latency")
	flag.IntVar(&b.perMinute, "rate", rateVoids, "bills that are voided a hundred a second")
	flag.IntVar(&b.bills, "bills", backlogVoids, "bills that are voided at once")
	flag.IntVar(&b.round, "round", ratioCount, "cancellations in each round of the comparison")
	flag.IntVar(&b.hostRound, "hostround", ratioCount, "cancellations in each round of one host and of two")
	flag.IntVar(&b.ledger, "ledger", incrementalOld, "cancellations in the old ledger")
	flag.IntVar(&b.backfills, "backfill", backfillBills, "bills that one backfill reads, decides and keeps")
	flag.IntVar(&b.remaps, "remap", remapBills, "bills whose snapshots a corrected scheme maps anew")
	flag.IntVar(&b.rows, "rows", sizeRows, "cancellations that a ledger is filled with, for its size")
	flag.Parse()
	chosen, err := choose(*only)
	least := min(b.singles, b.perMinute, b.bills, b.round, b.hostRound, b.ledger, b.rows, b.backfills, b.remaps)
	if err != nil || least < 1 {
		fmt.Fprintln(os.Stderr, "bench:", cmp.Or(err, errors.New("a count must be 1 at least")))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	if err := b.measure(ctx, chosen); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// choose picks measurements by their names, divided by commas; no name picks all.
func choose(asked string) ([]measurement, error) {
	if asked == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(asked, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: %q is none of %s", name, names())
		}
		chosen = append(chosen, measurements[i])
	}
	return chosen, nil
}

func names() string {
	var all []string
	for _, m := range measurements {
		all = append(all, m.name)
	}
	return strings.Join(all, ",")
}

func (b *bench) measure(ctx context.Context, chosen []measurement) (err error) {
	b.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	options := privatepg.Options{Fsync: true, Logger: b.logger}
	if b.profiles != "" {
		options.ExtraSettings = map[string]string{"shared_preload_libraries": "pg_stat_statements"}
	}
	if b.postgres, err = privatepg.Start(ctx, options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.postgres.Stop(context.WithoutCancel(ctx))) }()
	fmt.Printf("%s, %d cores (%s/%s), Postgres with fsync beside it; speeds are this machine's, now\n\n",
		time.Now().UTC().Format(time.RFC3339), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, m := range chosen {
		fmt.Printf("go run ./orchestrator/bench -only %s\n", m.name)
		if err := m.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Println()
	}
	if len(b.failures) > 0 {
		return errors.New(strings.Join(b.failures, "; "))
	}
	return nil
}

// figure prints one line: what was measured, what came out, and what is hoped for.
func (b *bench) figure(what, value, aim string) {
	if aim != "" {
		aim = "(" + aim + ")"
	}
	fmt.Printf("  %-58s %-34s %s\n", what, value, aim)
}

// fail notes what makes the exit status 1.
func (b *bench) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.failures = append(b.failures, text)
	fmt.Printf("  WRONG: %s\n", text)
}
