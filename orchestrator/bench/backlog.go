package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/house"
)

// A heap of voids: all of them bills that were live at the baseline, beside some that stay live.
const (
	backlogVoids = 10_000 // unless asked for otherwise
	backlogLive  = 500
)

// backlog measures how long a heap of voids takes, from the moment at which the first pass that sees them asks Kingdee to the
// last outcome in the ledger, and what the services need for it.
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
	after := s.spent()
	if _, err := s.check(ctx, voided, nil); err != nil {
		return err
	}
	var whole, reading, pushing float64
	err = s.pool.QueryRow(ctx, `
select extract(epoch from max(c.outcome_time) - min(p.service_time)), extract(epoch from min(a.intent_time) - min(p.service_time)),
       extract(epoch from max(c.outcome_time) - min(a.intent_time))
from cancellation c join pass p using (pass_id) join attempt a using (cancellation_id)`).Scan(&whole, &reading, &pushing)
	if err != nil {
		return err
	}
	b.figure(fmt.Sprintf("%d voided bills, first pass to last outcome", len(voided)), fmt.Sprintf("%.1f s", whole), "")
	b.figure("  cancellations a second", fmt.Sprintf("%.0f", float64(len(voided))/whole), "at least 500")
	b.figure("  until the first intent, and from there on", fmt.Sprintf("%.1f s, %.1f s", reading, pushing), "")
	for _, p := range s.services() {
		peak, err := peakMemory(p.PID())
		if err != nil {
			b.figure("  peak memory of "+p.Role, err.Error(), "")
			continue
		}
		b.figure("  peak memory of "+p.Role, fmt.Sprintf("%.0f MB", float64(peak)/(1<<20)), "below 150 MB")
		if peak >= memoryLimit {
			b.fail("%s had %.0f MB resident", p.Role, float64(peak)/(1<<20))
		}
	}
	for i, name := range spenders {
		b.figure("  CPU for 1000 cancellations, "+name, seconds((after[i]-before[i])*1000/time.Duration(len(voided))), "")
	}
	return s.statistics(ctx)
}

// spenders are those whose CPU time spent answers.
var spenders = []string{"kingdeesvc", "wmssvc", "orchestrator", "Postgres", "both sandboxes"}

func (s *stack) spent() []time.Duration {
	var all []time.Duration
	for _, p := range []*house.Process{s.kingdeesvc, s.wmssvc, s.orchestrator} {
		all = append(all, cpuTime(p.PID()))
	}
	return append(all, familyTime(s.postgres.PID()), cpuTime(s.vendors.cmd.Process.Pid))
}
