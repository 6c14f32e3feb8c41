package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// How the first figures are taken: so many voids, at random moments over a minute or so, and a hundred a second for a
// minute.
const (
	latencyVoids       = 240                    // unless asked for otherwise
	latencyGap         = 250 * time.Millisecond // in the mean; no phase against the incremental runs
	latencyLive        = 60
	latencyIncremental = time.Second

	rateVoids = 6000 // unless asked for otherwise
	rateGap   = 10 * time.Millisecond
)

// latency measures from a void in Kingdee to the cancel in the WMS, both by this machine's clock: the moment before the
// void is asked for, and the moment at which the WMS changes its order.
func (b *bench) latency(ctx context.Context) error {
	return b.voidToCancelled(ctx, "latency", b.singles, latencyGap)
}

// rate measures the same under a load that a large merchant has on its worst day.
func (b *bench) rate(ctx context.Context) error {
	return b.voidToCancelled(ctx, "rate", b.perMinute, rateGap)
}

func (b *bench) voidToCancelled(ctx context.Context, name string, count int, gap time.Duration) (err error) {
	s, err := b.start(ctx, name, count+latencyLive, latencyIncremental)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	voided := s.bills[:count]
	before, began := s.spent(), time.Now()
	asked, err := s.voidEach(ctx, voided, gap)
	if err != nil {
		return err
	}
	voiding := time.Since(began)
	if err := s.settled(ctx, count); err != nil {
		return err
	}
	spent := s.since(before)
	effects, err := s.check(ctx, voided, nil)
	if err != nil {
		return err
	}
	var took []time.Duration
	for number, at := range effects {
		took = append(took, at.Sub(asked[number]))
	}
	slices.Sort(took)
	b.figure(fmt.Sprintf("void to cancelled, an incremental run every %s, %d voids in %.0f s: p50",
		latencyIncremental, len(took), voiding.Seconds()),
		seconds(quantile(took, 50)), "at most 1.2 s")
	b.figure("  p99", seconds(quantile(took, 99)), "at most 2.5 s")
	b.figure("  slowest", seconds(quantile(took, 100)), "")
	spent.figures(b, "cancellation, reading included", count)
	s.memories()
	return s.stages(ctx, asked)
}

// voidEach voids bills one by one, each after a random pause of gap in the mean, whether or not the one before has been
// answered, and answers when each was asked for.
func (s *stack) voidEach(ctx context.Context, numbers []string, gap time.Duration) (map[string]time.Time, error) {
	asked := make(map[string]time.Time, len(numbers))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(16)
	next := time.Now()
	for _, number := range numbers {
		next = next.Add(rand.N(2 * gap)) //nolint:gosec // no secret
		if err := pause(within, time.Until(next)); err != nil {
			return nil, errors.Join(err, group.Wait())
		}
		asked[number] = time.Now()
		group.Go(func() error { return s.void(within, []string{number}) })
	}
	return asked, group.Wait()
}

// stages says where the time went, by what the ledger knows: until the run that decided, until the intent, until the
// answer.
func (s *stack) stages(ctx context.Context, asked map[string]time.Time) error {
	rows, err := s.pool.Query(ctx, `
select c.bill_no, c.decide_time, a.intent_time, a.reply_time
from cancellation_now c join attempt a on a.cancellation_id = c.cancellation_id and a.attempt = 1
where a.reply_time is not null`)
	if err != nil {
		return err
	}
	var decided, intended, answered []time.Duration
	var number string
	var decide, intent, reply time.Time
	for rows.Next() {
		if err := rows.Scan(&number, &decide, &intent, &reply); err != nil {
			return err
		}
		decided = append(decided, decide.Sub(asked[number]))
		intended = append(intended, intent.Sub(decide))
		answered = append(answered, reply.Sub(intent))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	text := ""
	for _, stage := range [][]time.Duration{decided, intended, answered} {
		slices.Sort(stage)
		text += fmt.Sprintf(" %s/%s", seconds(quantile(stage, 50)), seconds(quantile(stage, 99)))
	}
	s.figure("  p50/p99 until decided, then intent, then answer", text[1:], "")
	return nil
}

// quantile is the smallest of the sorted that no fewer than percent of them reach; 0 of none.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
