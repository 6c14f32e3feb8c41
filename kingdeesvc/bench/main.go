// Command bench prints figures of kingdeesvc: what it takes of memory while a million rows pass through it, and how
// many bills a second StreamBills delivers, beside a bare HTTP client that asks the same queries of the same
// sandbox and throws the answers away.
//
//	go run ./kingdeesvc/bench [-only memory,speed] [-rows 1000000] [-bills 10000] [-rounds 5]
//
// kingdeesvc is a process of its own, this very program in another role, so that only its memory is measured (VmHWM,
// the peak that the kernel saw; Linux). The million rows come from a mill that makes them up as they are asked for,
// because a sandbox that kept them would want more memory than the machine may have. The speeds are taken in turn, so
// that both meet the same neighbours. What the decoder alone gains is a Go benchmark:
//
//	go test -run xxx -bench BenchmarkPage -benchtime 20x ./kingdeesvc/internal/bills
//
// The exit status is 1 if rows were lost or kingdeesvc took more than it may. Speed is printed and fails nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// timeLimit ends a run that hangs; one takes about two minutes.
const timeLimit = 15 * time.Minute

// bench is one run.
type bench struct {
	// rows pass through for the memory; bills of two lines are streamed rounds times for the speed.
	rows, bills, rounds int
	// most is what kingdeesvc may take, in bytes.
	most int
	out  io.Writer
}

func main() {
	if status, played := playRole(); played {
		os.Exit(status)
	}
	b := &bench{most: mostBytes, out: os.Stdout}
	only := flag.String("only", "memory,speed", "measure only these")
	flag.IntVar(&b.rows, "rows", 1_000_000, "rows that pass through for the memory")
	flag.IntVar(&b.bills, "bills", 10_000, "bills in the sandbox for the speed")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of the comparison")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	if err := b.measure(ctx, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) measure(ctx context.Context, names []string) error {
	if min(b.rows, b.bills, b.rounds) < 1 {
		return errors.New("-rows, -bills and -rounds must be 1 at least")
	}
	for _, name := range names {
		var err error
		switch name {
		case "memory":
			err = b.memory(ctx)
		case "speed":
			err = b.speed(ctx)
		default:
			err = errors.New("not one of memory, speed")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
