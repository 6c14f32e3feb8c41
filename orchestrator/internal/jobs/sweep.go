package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// gatherBills is how many bills are counted before that is stored.
const gatherBills = 10_000

// sweepArgs asks for one chunk of a scheme's sweep or watch, if one is due or did not end.
type sweepArgs struct {
	Scheme string           `json:"scheme"`
	What   ledger.SweepKind `json:"what"`
	// Asked: by a person; it begins now.
	Asked bool `json:"asked,omitempty"`
	// Follows: by the chunk before it, whose lock is still held for a moment.
	Follows bool `json:"follows,omitempty"`
}

func (sweepArgs) Kind() string { return "sweep" }

func (sweepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueBulk, MaxAttempts: 1}
}

// sweepStore is what a sweep asks of the ledger.
type sweepStore interface {
	lookStore
	goneStore
	TryLockSweep(ctx context.Context, scheme string, kind ledger.SweepKind) (unlock func(), ok bool, err error)
	Watched(ctx context.Context, scheme string, since time.Time, after int64, limit int) ([]int64, error)
	Sweep(ctx context.Context, start ledger.SweepStart) (*ledger.Sweep, error)
	GatherHours(ctx context.Context, w *ledger.Sweep, hours []ledger.SweepHour, also func(pgx.Tx) error) error
	CompareHours(ctx context.Context, w *ledger.Sweep) error
	NextHour(ctx context.Context, w *ledger.Sweep) (hour time.Time, ids []int64, found bool, err error)
	HourRepaired(ctx context.Context, w *ledger.Sweep, hour time.Time) error
	SaveSweep(ctx context.Context, tx pgx.Tx, w *ledger.Sweep) error
	EndSweep(ctx context.Context, w *ledger.Sweep) error
	FailSweep(ctx context.Context, w *ledger.Sweep, reason string) error
	NoteSweepError(ctx context.Context, w *ledger.Sweep, reason string) error
}

// sweeper looks again, independent of when a bill changed. A sweep compares the hours behind the watermark with the ledger: what came to light
// late, or what a pass missed for whatever reason, is found by what Kingdee shows now. A watch reads the states of all bills held live.
type sweeper struct {
	*looker
	ledger sweepStore
}

// run does one chunk: it begins a sweep that is due or asked for, or goes on with one.
func (s *sweeper) run(ctx context.Context, args sweepArgs) error {
	l, err := s.open(ctx, string(args.What), args.Scheme)
	if err != nil || l == nil {
		return err
	}
	l.successor = sweepArgs{Scheme: args.Scheme, What: args.What, Follows: true}
	unlock, ours, err := lockFor(ctx, args.Follows || args.Asked, func() (func(), bool, error) {
		return s.ledger.TryLockSweep(ctx, args.Scheme, args.What)
	})
	if err != nil || !ours {
		return err
	}
	defer unlock()
	start := ledger.SweepStart{Scheme: args.Scheme, Kind: args.What, Revision: l.entry.revision, Asked: args.Asked}
	if args.What == ledger.KindWatch {
		start.Interval = l.entry.WatchInterval(l.environment())
	} else {
		start.Interval, start.To = l.entry.SweepInterval(l.environment()), l.standing.Watermark.Time
		start.From = rule.Hour(start.To.Add(-rule.SweepReach))
	}
	sweep, err := s.ledger.Sweep(ctx, start)
	if err != nil || sweep == nil {
		return err
	}
	c := &sweepChunk{look: l, ledger: s.ledger, sweep: sweep}
	err = c.run(ctx)
	return l.conclude(ctx, err, func(ctx context.Context, reason string) error {
		if runCounts := (*rule.RunCountsError)(nil); errors.As(err, &runCounts) {
			return s.ledger.FailSweep(ctx, sweep, reason)
		}
		return s.ledger.NoteSweepError(ctx, sweep, reason)
	})
}

// sweepChunk is the part of a sweep that one job does.
type sweepChunk struct {
	*look
	ledger sweepStore
	sweep  *ledger.Sweep
}

func (c *sweepChunk) run(ctx context.Context) error {
	for _, phase := range []struct {
		is ledger.SweepPhase
		do func(context.Context) error
	}{
		{ledger.WatchRound, c.watch}, {ledger.SweepGather, c.gather}, {ledger.SweepRepair, c.repair}, {ledger.SweepProve, c.prove}, {ledger.SweepSettle, c.settle},
	} {
		if c.sweep.Phase != phase.is {
			continue
		}
		if err := phase.do(ctx); err != nil {
			return err
		}
	}
	if err := c.ledger.EndSweep(ctx, c.sweep); err != nil {
		return err
	}
	w := c.sweep
	if w.Kind == ledger.KindSweep || w.Repaired+w.Missing > 0 {
		c.logger.InfoContext(ctx, "looked again", slog.String("what", string(w.Kind)), slog.String("scheme", w.Scheme), slog.Int64("sweep_id", w.ID),
			slog.Int("hours", w.Hours), slog.Int("differing", w.Differing), slog.Int64("bills", w.Read), slog.Int64("repaired", w.Repaired),
			slog.Int64("missing", w.Missing), slog.Int64("gone", w.Gone))
	}
	return nil
}

// gather reads light what the sweep's hours hold and counts it hour by hour; then the ledger's side is put beside it.
func (c *sweepChunk) gather(ctx context.Context) error {
	g := gathering{hours: map[time.Time]*ledger.SweepHour{}}
	read, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	err := c.reader.states(read, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{
			Since: timestamppb.New(c.sweep.From), AfterId: c.sweep.Cursor,
		}},
	}, func(account) error { return nil }, func(page *kingdeev1.StatePage) error {
		g.add(c.sweep, page)
		leave := c.leaving()
		if g.bills < gatherBills && !leave {
			return nil
		}
		if err := c.keepGathered(ctx, &g, leave); err != nil {
			return err
		}
		if leave {
			return errLeft
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.keepGathered(ctx, &g, false); err != nil {
		return err
	}
	if c.sweep.Read == 0 {
		// An empty answer is no proof of absence, unless something else is shown.
		shown, err := probe(ctx, c.store, c.reader, c.sweep.Scheme)
		if err != nil {
			return err
		}
		if !shown {
			return c.nothingShown(ctx)
		}
	}
	return c.ledger.CompareHours(ctx, c.sweep)
}

// keepGathered stores what was gathered since the last time.
func (c *sweepChunk) keepGathered(ctx context.Context, g *gathering, leave bool) error {
	after := *c.sweep
	after.Cursor, after.Read = max(g.cursor, after.Cursor), after.Read+g.bills
	after.Problems = slices.Concat(after.Problems, g.problems)
	hours := make([]ledger.SweepHour, 0, len(g.hours))
	for _, h := range g.hours {
		hours = append(hours, *h)
	}
	if err := c.ledger.GatherHours(ctx, &after, hours, func(tx pgx.Tx) error {
		if leave {
			return c.leave(ctx, tx)
		}
		return nil
	}); err != nil {
		return err
	}
	*c.sweep = after
	*g = gathering{hours: map[time.Time]*ledger.SweepHour{}}
	return nil
}

// gathering is what was counted and is not stored yet.
type gathering struct {
	hours    map[time.Time]*ledger.SweepHour
	problems []int64
	bills    int64
	cursor   int64
}

func (g *gathering) add(w *ledger.Sweep, page *kingdeev1.StatePage) {
	g.cursor = page.GetLastId()
	for _, problem := range page.GetProblems() {
		if problem.GetId() > 0 {
			g.problems = append(g.problems, problem.GetId())
		}
	}
	for _, s := range page.GetStates() {
		state, ok := stateOf(s)
		if !ok {
			g.problems = append(g.problems, s.GetId())
			continue
		}
		stamp := state.Stamp()
		if stamp.Before(w.From) || !stamp.Before(w.To) {
			// Behind the watermark's time it is the next pass's; before the first hour only a rounded edge shows it.
			continue
		}
		hour := rule.Hour(stamp)
		h := g.hours[hour]
		if h == nil {
			h = &ledger.SweepHour{Hour: hour}
			g.hours[hour] = h
		}
		h.Add(state)
		h.IDs = append(h.IDs, state.ID)
		g.bills++
	}
}

// repair reads the hours again that differ: all their bills, of either side, by id.
func (c *sweepChunk) repair(ctx context.Context) error {
	controls, err := c.store.Controls(ctx, c.sweep.Scheme, "", controlBills)
	if err != nil {
		return err
	}
	for {
		if c.leaving() {
			return errStopping
		}
		hour, ids, found, err := c.ledger.NextHour(ctx, c.sweep)
		if err != nil {
			return err
		}
		if !found {
			c.sweep.Phase, c.sweep.Cursor = ledger.SweepProve, 0
			return nil
		}
		for batch := range slices.Chunk(ids, watchBatch) {
			_, err := c.ask(ctx, batch, controls, c.keep(ctx, func(w *ledger.Sweep, told ledger.Told) {
				w.Cursor = told.Cursor
				w.Reread += told.Bills
			}))
			if errors.Is(err, errNothingShown) {
				return c.nothingShown(ctx)
			}
			if err != nil {
				return err
			}
		}
		if err := c.ledger.HourRepaired(ctx, c.sweep, hour); err != nil {
			return err
		}
	}
}

// keep makes the steps of a sweep: what was told is counted, and move says where it stands.
func (c *sweepChunk) keep(ctx context.Context, move func(*ledger.Sweep, ledger.Told)) steps {
	var after ledger.Sweep
	return steps{
		save: func(tx pgx.Tx, told ledger.Told) error {
			after = *c.sweep
			after.Repaired += told.Changed
			after.Missing += told.Absent
			after.Work += told.Work
			after.RunCounts.Add(told.RunCounts)
			move(&after, told)
			return c.ledger.SaveSweep(ctx, tx, &after)
		},
		done: func(ledger.Told) { *c.sweep = after },
	}
}

// step stores that the sweep has moved.
func (c *sweepChunk) step(ctx context.Context, move func(*ledger.Sweep)) error {
	after := *c.sweep
	move(&after)
	if err := c.ledger.GatherHours(ctx, &after, nil, func(pgx.Tx) error { return nil }); err != nil {
		return err
	}
	*c.sweep = after
	return nil
}
