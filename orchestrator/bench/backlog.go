package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A heap of voids: all of them bills that were live at the baseline, beside some that stay live.
const (
	backlogVoids = 10_000 // unless asked for otherwise
	backlogLive  = 500
)

// backlog measures how long a heap of voids takes, from the moment at which the first run that sees them asks Kingdee
// to the last outcome in the ledger, and what the services need for it.
func (b *bench) backlog(ctx context.Context) (err error) {
	s, err := b.start(ctx, "backlog", b.bills+backlogLive, time.Second)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	voided := s.bills[:b.bills]
	before := s.spent()
	if err := s.void(ctx, voided); err != nil {
		return err
	}
	if err := s.settled(ctx, len(voided)); err != nil {
		return err
	}
	spent := s.since(before)
	if _, err := s.check(ctx, voided, nil); err != nil {
		return err
	}
	var whole, reading, pushing float64
	err = s.pool.QueryRow(ctx, `
select extract(epoch from max(c.outcome_time) - min(p.service_time)),
       extract(epoch from min(a.intent_time) - min(p.service_time)),
       extract(epoch from max(c.outcome_time) - min(a.intent_time))
from cancellation_now c join run_reading p using (run_id) join attempt a using (cancellation_id)`).Scan(
		&whole, &reading, &pushing)
	if err != nil {
		return err
	}
	b.figure(fmt.Sprintf("%d voided bills, first run to last outcome", len(voided)), fmt.Sprintf("%.1f s", whole), "")
	b.figure("  cancellations a second", fmt.Sprintf("%.0f", float64(len(voided))/whole), "at least 500")
	b.figure("  until the first intent, and from there on", fmt.Sprintf("%.1f s, %.1f s", reading, pushing), "")
	spent.figures(b, "cancellation, from void to outcome", len(voided))
	s.memories()
	return s.statistics(ctx)
}
