package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// How the first figure is taken: so many voids, one after another at random moments, over a minute or so.
const (
	latencyVoids = 240 // unless asked for otherwise
	latencyLive  = 60
	latencyGap   = 500 * time.Millisecond // at most, 0 at least: no phase against the poll
	latencyPoll  = time.Second
)

// latency measures from a void in Kingdee to the cancel in the WMS, both by this machine's clock: the moment before the void is
// asked for, and the moment at which the WMS changes its order.
func (b *bench) latency(ctx context.Context) (err error) {
	s, err := b.start(ctx, "latency", b.singles+latencyLive, latencyPoll)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	voided := s.bills[:b.singles]
	asked := make(map[string]time.Time, len(voided))
	for _, number := range voided {
		if err := pause(ctx, rand.N(latencyGap)); err != nil { //nolint:gosec // no secret
			return err
		}
		asked[number] = time.Now()
		if err := s.void(ctx, []string{number}); err != nil {
			return err
		}
	}
	if err := s.settled(ctx, len(voided)); err != nil {
		return err
	}
	effects, err := s.check(ctx, voided, nil)
	if err != nil {
		return err
	}
	var took []time.Duration
	for number, at := range effects {
		took = append(took, at.Sub(asked[number]))
	}
	slices.Sort(took)
	b.figure(fmt.Sprintf("void to cancelled, poll %s, %d voids: p50", latencyPoll, len(took)), seconds(quantile(took, 50)), "at most 1.2 s")
	b.figure("  p99", seconds(quantile(took, 99)), "at most 2.5 s")
	b.figure("  slowest", seconds(quantile(took, 100)), "")
	return s.stages(ctx, asked)
}

// stages says where the time went, by what the ledger knows: until the pass that decided, until the intent, until the answer.
func (s *stack) stages(ctx context.Context, asked map[string]time.Time) error {
	rows, err := s.pool.Query(ctx, `
select c.bill_no, c.decide_time, a.intent_time, a.reply_time
from cancellation c join attempt a on a.cancellation_id = c.cancellation_id and a.attempt = 1
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
