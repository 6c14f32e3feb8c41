// Command bench prints the figures of the whole path, with the three services as processes of their own, a private Postgres and
// both sandboxes beside them on the same machine:
//
//   - the time from a void in Kingdee to the order's cancel in the WMS, at the sandboxes' poll interval of one second;
//   - how long many bills that were voided at once take, from the first pass that sees them to the last outcome;
//   - the most memory that each service took.
//
// What the WMS sandbox says counts: an order is cancelled when the sandbox cancelled it, not when the ledger says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
)

// settings of a run.
type settings struct {
	singles int
	bills   int
	latency time.Duration
	verbose bool
	profile string
}

func main() {
	if status, played := house.PlayRole(); played {
		os.Exit(status)
	}
	var s settings
	flag.IntVar(&s.singles, "singles", 200, "bills that are voided one by one, for the latency")
	flag.IntVar(&s.bills, "bills", 10_000, "bills that are voided at once")
	flag.DurationVar(&s.latency, "wms-latency", 0, "how long the WMS sandbox takes for each request")
	flag.BoolVar(&s.verbose, "v", false, "show what the services log")
	flag.StringVar(&s.profile, "cpuprofile", "", "write a profile of this process, which is the sandboxes, to this file")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	fmt.Printf("voidrelay bench: %s/%s, %d CPUs shared by services, sandboxes and Postgres, WMS latency %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), s.latency)
	t, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if s.profile != "" {
		file, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if err := t.latencies(ctx, s.singles); err != nil {
		return err
	}
	if err := t.crowd(ctx, s.bills); err != nil {
		return err
	}
	t.memory()
	c, err := house.Compare(ctx, t.vendors, t.client)
	if err != nil {
		return err
	}
	if len(c.Disagreements) > 0 {
		return fmt.Errorf("ledger and sandboxes disagree in %d points, the first: %s", len(c.Disagreements), c.Disagreements[0])
	}
	fmt.Printf("%-34s %d cancellations, %d effects: ledger and sandboxes agree\n", "truth", c.Cancellations, c.Effects)
	return nil
}
