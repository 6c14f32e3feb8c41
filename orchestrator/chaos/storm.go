package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
)

// storm carries a plan out on a town and counts what it did.
type storm struct {
	*town
	plan  plan
	codes map[string]string
	began time.Time
	// lull is true while nobody is killed, so that a play is noticed that needs some time for it.
	lull atomic.Bool
	// lookout and operator are at work for as long as the storm.
	lookout  *lookout
	operator *operator

	mu sync.Mutex
	// kills are by process, points by name; missed are points that were not reached in time.
	kills, freezes map[string]int
	points         map[crashpoint.Name]int
	missed         int
	steps          map[deed]int
	stories        map[storyKind]int
	hid            []hid
	refused        int
	// asked is how many runs were asked for.
	asked int
	// pardoned is how many faults of Kingdee's met nothing and were taken back.
	pardoned int
	problems []error
	played   []played
	// over ends when no new step or blow may begin. turns lets blows on one process wait for one another.
	over  context.Context //nolint:containedctx // it is the storm's end, not a call's
	turns map[string]*sync.Mutex
	// cut: it was over before all of the plan was done.
	cut bool
}

// storm lets the plan run, or as much of it as there is time for.
func (t *town) storm(
	ctx context.Context, p plan, codes map[string]string, limit time.Duration, w *lookout, o *operator,
) *storm {
	s := &storm{
		town: t, plan: p, lookout: w, operator: o, codes: codes, began: time.Now(), kills: map[string]int{},
		freezes: map[string]int{}, points: map[crashpoint.Name]int{},
		steps: map[deed]int{}, stories: map[storyKind]int{}, turns: map[string]*sync.Mutex{postgres: {}},
	}
	for name := range t.members {
		s.turns[name] = &sync.Mutex{}
	}
	var stop context.CancelFunc
	s.over, stop = context.WithTimeout(ctx, limit)
	defer stop()
	var all sync.WaitGroup
	calm, end := context.WithCancel(ctx)
	var asides sync.WaitGroup
	asides.Go(func() { s.impatient(calm) })
	all.Go(func() { s.people(ctx) })
	all.Go(func() { s.vendor(ctx) })
	all.Go(func() { s.warehouse(ctx) })
	all.Go(func() { s.performance(ctx) })
	all.Go(func() { s.administrators(ctx) })
	all.Go(func() { s.permissions(ctx) })
	// Blows on one process wait for one another; those on different ones fall together.
	for _, b := range p.blows {
		all.Go(func() {
			s.until(b.At)
			s.turns[b.Target].Lock()
			defer s.turns[b.Target].Unlock()
			s.rest(ctx)
			if s.goesOn() {
				s.fail(s.strike(ctx, b))
			}
		})
	}
	all.Wait()
	for _, m := range s.members {
		s.stories[fileDiffers] += m.differed
	}
	end()
	asides.Wait()
	return s
}

func (s *storm) until(at time.Duration) { wait(s.over, time.Until(s.began.Add(at))) }

// rest waits until no lull is any more.
func (s *storm) rest(ctx context.Context) {
	for s.lull.Load() && ctx.Err() == nil {
		wait(ctx, seenEvery)
	}
}

// goesOn says whether something new may begin.
func (s *storm) goesOn() bool {
	if s.over.Err() == nil {
		return true
	}
	s.count(func() { s.cut = true })
	return false
}

func (s *storm) fail(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, err)
}

// people do what the plan says with the bills.
func (s *storm) people(ctx context.Context) {
	again := map[string]bool{}
	for _, step := range s.plan.steps {
		if step.At == 0 {
			s.steps[step.Do]++ // it was there before the baseline
			continue
		}
		s.until(step.At)
		if !s.goesOn() {
			return
		}
		switch err := s.control.do(ctx, step, s.codes); {
		case errors.Is(err, errForbidden):
			s.refused++
			s.fail(fmt.Errorf("step %s of %s: %w", step.Do, step.Number, err))
		case err != nil:
			s.fail(fmt.Errorf("step %s of %s: %w", step.Do, step.Number, err))
		default:
			s.steps[step.Do]++
			if step.Do == audit && strings.HasPrefix(step.Number, reusePrefix) {
				again[step.Number] = true
				s.count(func() { s.stories[numberHeld] = len(again) })
			}
		}
	}
}

// vendor queues Kingdee's faults.
func (s *storm) vendor(ctx context.Context) {
	for _, f := range s.plan.faults {
		s.until(f.At)
		if !s.goesOn() {
			return
		}
		s.rest(ctx)
		s.fail(s.control.fault(ctx, f.Fault))
	}
}

// warehouse has faults in store for orders.
func (s *storm) warehouse(ctx context.Context) {
	for _, f := range s.plan.refusals {
		s.until(f.At)
		if !s.goesOn() {
			return
		}
		s.fail(s.control.refuse(ctx, f.Fault))
	}
}

func (s *storm) strike(ctx context.Context, b blow) error {
	switch b.Kind {
	case kill:
		s.count(func() { s.kills[b.Target]++ })
		return s.members[b.Target].kill(ctx, b.Down)
	case atPoint:
		reached, err := s.members[b.Target].killAt(ctx, b.Point, b.Down)
		s.count(func() {
			s.kills[b.Target]++
			if reached {
				s.points[b.Point]++
			} else {
				s.missed++
			}
		})
		return err
	case freeze:
		s.count(func() { s.freezes[b.Target]++ })
		return s.members[b.Target].freeze(ctx, b.Down)
	default:
		s.count(func() { s.kills[b.Target]++ })
		return s.fell(ctx, b)
	}
}

func (s *storm) count(one func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one()
}

// fell lets Postgres lose its power, or shut down at once without a farewell, and brings it back.
func (s *storm) fell(ctx context.Context, b blow) error {
	s.falling.Lock()
	defer s.falling.Unlock()
	if b.Kind == powerCut {
		if err := s.postgres.Kill(); err != nil {
			return err
		}
	} else {
		if err := syscall.Kill(s.postgres.PID(), syscall.SIGQUIT); err != nil {
			return fmt.Errorf("stop postgres: %w", err)
		}
		<-s.postgres.Done()
	}
	wait(ctx, b.Down)
	return s.postgres.Restart(context.WithoutCancel(ctx))
}
