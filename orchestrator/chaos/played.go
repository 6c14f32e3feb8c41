package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// played is a play that took place.
type played struct {
	play
	span
	// met is how many requests met it: answers of the proxy, calls of Kingdee.
	met int
	// noticed: its condition was open meanwhile.
	noticed bool
}

// performance lets the plays take place, one after the other.
func (s *storm) performance(ctx context.Context) {
	for _, p := range s.plan.plays {
		s.until(p.At)
		if !p.Sure && !s.goesOn() || ctx.Err() != nil {
			return
		}
		one, err := s.perform(ctx, p)
		if err != nil {
			s.fail(fmt.Errorf("play %s: %w", p.Kind, err))
		}
		s.count(func() { s.played = append(s.played, one) })
	}
}

// perform begins a play, waits until it has lasted and was noticed, and ends it.
func (s *storm) perform(ctx context.Context, p play) (one played, err error) {
	one.play = p
	before, err := s.metBy(ctx, p.Kind)
	if err != nil {
		return one, err
	}
	// Who is dead cannot begin with a database that takes no writes, and who is killed forgets what it noticed.
	s.lull.Store(p.Kind == closed)
	defer s.lull.Store(false)
	if p.Kind == closed {
		if err := errors.Join(s.members[first].alive(ctx), s.members[second].alive(ctx)); err != nil {
			return one, err
		}
	}
	one.from = time.Now()
	if err := s.turn(ctx, p, true); err != nil {
		// It may have begun all the same.
		one.to = time.Now()
		return one, errors.Join(err, s.turn(context.WithoutCancel(ctx), p, false))
	}
	one.from = time.Now()
	wait(ctx, p.For)
	// It has lasted under kills; to notice it may take more time than there is between two of them.
	s.lull.Store(true)
	if p.Kind == slowed {
		err = s.pardon(ctx)
	}
	var err2 error
	for ; ; wait(ctx, seenEvery) {
		var after int
		after, err2 = s.metBy(ctx, p.Kind)
		one.met, one.to, one.noticed = after-before, time.Now(), s.lookout.since(opens[p.Kind], one.from)
		// The condition may be that of the play before.
		if (one.noticed || !p.Kind.mustBeNoticed()) && (one.met > 0 || !metByRequests(p.Kind)) || ctx.Err() != nil ||
			one.to.Sub(one.from) >= longestPlay {
			break
		}
	}
	return one, errors.Join(err, err2, s.turn(context.WithoutCancel(ctx), p, false))
}

// pardon takes those of Kingdee's faults out of its queue that met nothing: a Kingdee that is away is not slow.
func (s *storm) pardon(ctx context.Context) error {
	left, err := s.control.pending(ctx)
	if err != nil {
		return err
	}
	s.pardoned += left
	return s.control.forget(ctx)
}

// turn begins a play, or ends it.
func (s *storm) turn(ctx context.Context, p play, on bool) error {
	switch p.Kind {
	case proxied:
		if on {
			s.proxy.AnswerFor(p.Answer)
		} else {
			s.proxy.StepAside()
		}
		return nil
	case slowed:
		latency := s.plan.kingdee.LatencyMillis
		if on {
			latency = int(slowAnswer / time.Millisecond)
		}
		return s.control.slow(ctx, latency)
	case closed:
		return s.readOnly(ctx, on)
	}
	if on {
		return s.operator.stop(ctx, p.Kind)
	}
	return s.operator.resume(ctx, opens[p.Kind])
}

// mustBeNoticed says whether the condition of a play has to be open before it ends. At 5 s an answer only what an
// un-audit calls for is held up, and only while such a bill waits: where none does, nobody has to say that Kingdee is
// slow.
func (k playKind) mustBeNoticed() bool { return k != slowed }

// metByRequests says whether requests can meet a play.
func metByRequests(kind playKind) bool { return kind == proxied || kind == slowed }

// metBy counts the requests that a play can have met so far.
func (s *storm) metBy(ctx context.Context, kind playKind) (int, error) {
	switch kind {
	case proxied:
		return s.proxy.Answered(), nil
	case slowed:
		return s.control.calls(ctx)
	}
	return 0, nil
}

// turnWithin is how long it may take to begin a play or to end it, on a machine with much else to do.
const turnWithin = 3 * time.Minute

// readOnly closes the database for writing, as a guard of a full disk does, or opens it again. Postgres may be down,
// for the plan's reasons; then it is tried again.
func (t *town) readOnly(ctx context.Context, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, turnWithin)
	defer cancel()
	for {
		err := t.setReadOnly(ctx, on)
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait(ctx, againTime)
	}
}

func (t *town) setReadOnly(ctx context.Context, on bool) error {
	conn, err := pgx.Connect(ctx, t.postgres.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range []string{
		`set default_transaction_read_only = off`,
		fmt.Sprintf(`alter system set default_transaction_read_only = %t`, on),
		`select pg_reload_conf()`,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// missing says which of what the plan holds for sure did not take place.
func (s *storm) missing() []error {
	var problems []error
	for _, p := range s.played {
		switch {
		case !p.noticed && p.Kind.mustBeNoticed():
			problems = append(problems, fmt.Errorf("play %s at %s: its condition %s was not open within %s",
				p.Kind, clock(p.from), opens[p.Kind], p.to.Sub(p.from).Round(time.Second)))
		case p.met == 0 && metByRequests(p.Kind):
			problems = append(problems, fmt.Errorf("play %s at %s met no request", p.Kind, clock(p.from)))
		}
	}
	for _, kind := range []playKind{proxied, slowed, closed} {
		if len(s.plan.plays) > 0 && s.times(kind) == 0 {
			problems = append(problems, fmt.Errorf("play %s did not take place", kind))
		}
	}
	// A storm that was cut, or that is short, may have had no time for each of them.
	for _, kind := range stories {
		if s.plan.storm >= quickStorm && !s.cut && len(s.plan.changes) > 0 && s.stories[kind] == 0 {
			problems = append(problems, fmt.Errorf("story %s did not take place", kind))
		}
	}
	if s.asked == 0 {
		problems = append(problems, errors.New("nobody could ask for a run"))
	}
	for _, verb := range s.operator.untyped(s.plan) {
		problems = append(problems, fmt.Errorf("nobody typed %s", verb))
	}
	return problems
}

func (s *storm) times(kind playKind) int {
	n := 0
	for _, p := range s.played {
		if p.Kind == kind {
			n++
		}
	}
	return n
}
