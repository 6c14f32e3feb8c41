package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Incremental runs of a young ledger and of an old one, turn by turn.
const (
	incrementalYoung = 10_000     // cancellations in the young ledger
	incrementalOld   = 10_000_000 // in the old one, unless asked for otherwise
	// incrementalQuiet and incrementalBusy are how many incremental runs that find nothing, and that find
	// incrementalBills, make a round: CPU time is told in hundredths of a second.
	incrementalQuiet = 30
	incrementalBusy  = 3
	incrementalBills = 100
	incrementalAim   = "at most 1.20"
)

// incremental compares what an incremental run costs with few and with many cancellations in the ledger: CPU of the
// orchestrator and of Postgres, and the time from asking for it to the watermark that it moves.
func (b *bench) incremental(ctx context.Context) (err error) {
	count := (b.rounds + 1) * incrementalBusy * incrementalBills
	young, err := b.start(ctx, "young", count, ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, young.stop()) }()
	old, err := young.beside(ctx, "old", ratioIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.stop()) }()
	for _, filled := range []struct {
		*stack
		count int
	}{{young, incrementalYoung}, {old, b.ledger}} {
		began := time.Now()
		size, err := filled.fill(ctx, filled.count)
		if err != nil {
			return err
		}
		b.figure(fmt.Sprintf("%d cancellations by COPY", filled.count),
			fmt.Sprintf("%.1f s, %.1f GB", time.Since(began).Seconds(), float64(size)/1e9), "")
		// Nothing is sent in this comparison: it is about reading and deciding.
		if err := filled.paused(ctx, true); err != nil {
			return err
		}
	}
	left := young.bills
	busy := func() []string {
		voids := left[:incrementalBills]
		left = left[incrementalBills:]
		return voids
	}
	quiet, loud := comparison{}, comparison{}
	for round := range b.rounds + 1 {
		if err := quiet.round(ctx, young, old, b.quiet, func() []string { return nil }); err != nil {
			return err
		}
		if err := loud.round(ctx, young, old, incrementalBusy, busy); err != nil {
			return err
		}
		if round == 0 { // to warm up
			quiet, loud = comparison{}, comparison{}
		}
	}
	quiet.figures(b, "an incremental run that finds nothing", b.quiet)
	loud.figures(b, fmt.Sprintf("an incremental run that finds %d bills", incrementalBills), incrementalBusy)
	return old.statistics(ctx)
}

// comparison is what rounds of incremental runs cost at both ledgers.
type comparison struct {
	youngCPU, oldCPU, youngTime, oldTime []time.Duration
}

// round does so many incremental runs at both ledgers; voids gives the bills that each of them is to find.
func (c *comparison) round(ctx context.Context, young, old *stack, incrementals int, voids func() []string) error {
	var youngs, olds meter
	for i := range incrementals {
		if found := voids(); len(found) > 0 {
			if err := young.void(ctx, found); err != nil {
				return err
			}
		}
		turns := []func() error{
			func() error { return youngs.incremental(ctx, young) }, func() error { return olds.incremental(ctx, old) },
		}
		if i%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range turns {
			if err := turn(); err != nil {
				return err
			}
		}
	}
	c.youngCPU, c.oldCPU = append(c.youngCPU, youngs.cpu), append(c.oldCPU, olds.cpu)
	c.youngTime, c.oldTime = append(c.youngTime, youngs.time), append(c.oldTime, olds.time)
	return nil
}

func (c *comparison) figures(b *bench, what string, incrementals int) {
	ratios := func(old, young []time.Duration) float64 {
		var all []float64
		for i := range old {
			all = append(all, float64(old[i])/float64(max(young[i], tick)))
		}
		return median(all)
	}
	each := func(of []time.Duration) float64 {
		sorted := slices.Sorted(slices.Values(of))
		return float64(sorted[len(sorted)/2].Microseconds()) / float64(incrementals) / 1e3
	}
	b.figure(fmt.Sprintf("%s, old to young ledger: CPU", what),
		fmt.Sprintf("%.2f (%.1f ms to %.1f ms)", ratios(c.oldCPU, c.youngCPU), each(c.oldCPU), each(c.youngCPU)),
		incrementalAim)
	b.figure("  time until its watermark, waiting for a worker included",
		fmt.Sprintf("%.2f (%.0f ms to %.0f ms)", ratios(c.oldTime, c.youngTime), each(c.oldTime), each(c.youngTime)),
		incrementalAim)
}

// meter adds up what incremental runs cost.
type meter struct{ cpu, time time.Duration }

func (m *meter) incremental(ctx context.Context, s *stack) error {
	var version int64
	if err := s.pool.QueryRow(ctx, `select version from watermark`).Scan(&version); err != nil {
		return err
	}
	used := func() time.Duration { return cpuTime(s.orchestrator.PID()) + familyTime(s.postgres.PID()) }
	before, began := used(), time.Now()
	if err := s.runUntil(ctx, 5*time.Millisecond, `select version > $1 from watermark`, version); err != nil {
		return err
	}
	m.time += time.Since(began)
	m.cpu += used() - before
	return nil
}
