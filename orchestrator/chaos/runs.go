package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

// runs notes when incremental runs were complete, from outside: what lies between the vendor's clock at a run's
// beginning and its end was read by it, whatever the ledger made of that.
type runs struct {
	mu  sync.Mutex
	all []span
}

const seenEvery = 50 * time.Millisecond

// follow reads the watermark until ctx ends. It may miss runs; those that it notes were there.
func (p *runs) follow(ctx context.Context, t *town) {
	for ctx.Err() == nil {
		var watermark, end time.Time
		if err := t.pool.QueryRow(ctx,
			`select watermark_time, last_run_time from watermark`).Scan(&watermark, &end); err == nil {
			p.note(span{watermark.Add(rule.ClockMargin), end})
		}
		wait(ctx, seenEvery)
	}
}

func (p *runs) note(s span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 || p.all[len(p.all)-1] != s {
		p.all = append(p.all, s)
	}
}

// within says whether a whole run lay in the span, which began to be visible so much after its beginning, and in none
// of those in which it could not see.
func (p *runs) within(s span, visible time.Duration, blind []span) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.all, func(run span) bool {
		// The vendor tells its time in whole seconds, cut off.
		return !run.from.Before(s.from.Add(visible)) && (s.to.IsZero() || run.to.Before(s.to)) &&
			!slices.ContainsFunc(blind, func(b span) bool {
				return run.from.Before(b.to.Add(time.Second)) && run.to.After(b.from.Add(-time.Second))
			})
	})
}
