package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// gatherBills is how many bills are counted before that is stored.
const gatherBills = 10_000

// Store is what rechecks and reconcile runs ask of the ledger.
type Store interface {
	RereadStore
	goneStore
	TryLockReconcile(ctx context.Context, scheme string, kind ledger.RunKind) (unlock func(), ok bool, err error)
	Watched(ctx context.Context, run *ledger.Run, since time.Time, limit int) ([]int64, error)
	Reconcile(ctx context.Context, start ledger.ReconcileStart) (*ledger.Run, error)
	GatherHours(ctx context.Context, w *ledger.Run, hours []ledger.ReconcileHour, also func(pgx.Tx) error) error
	CompareHours(ctx context.Context, w *ledger.Run) error
	NextHour(ctx context.Context, w *ledger.Run) (hour time.Time, ids []int64, found bool, err error)
	HourRepaired(ctx context.Context, w *ledger.Run, hour time.Time) error
	SaveReconcile(ctx context.Context, tx pgx.Tx, w *ledger.Run) error
	EndReconcile(ctx context.Context, w *ledger.Run, on []rule.Trigger, at time.Time) error
	FailRun(ctx context.Context, run *ledger.Run, reason string) error
	NoteRun(ctx context.Context, run *ledger.Run, reason string) error
}

// Reconciler does rechecks and reconcile runs, which do not ask when a bill changed. A reconcile run compares the hours
// behind the watermark with the ledger: what came to light late, or what an incremental run missed for whatever reason,
// is found by what Kingdee shows now. A recheck reads the states of all bills known live.
type Reconciler struct {
	*Rereader
	Ledger Store
}

// Run does one chunk: it begins a recheck or a reconcile run that is due or asked for, or goes on with one.
func (s *Reconciler) Run(ctx context.Context, args queue.ReconcileArgs) error {
	l, err := s.open(ctx, string(args.What), args.Scheme, args.Asked)
	if err != nil || l == nil {
		return err
	}
	l.successor = queue.ReconcileArgs{Scheme: args.Scheme, What: args.What, Follows: true}
	unlock, ours, err := intake.LockFor(ctx, args.Follows || args.Asked, func() (func(), bool, error) {
		return s.Ledger.TryLockReconcile(ctx, args.Scheme, args.What)
	})
	if err != nil || !ours {
		return err
	}
	defer unlock()
	start := ledger.ReconcileStart{Scheme: args.Scheme, Kind: args.What, Revision: l.entry.Revision, Asked: args.Asked}
	if args.What == ledger.Recheck {
		start.Interval = l.entry.RecheckInterval(l.environment())
	} else {
		start.Interval, start.To = l.entry.ReconcileInterval(l.environment()), l.standing.Watermark.Time
		start.From = rule.Hour(start.To.Add(-rule.ReconcileReach))
	}
	reconcile, err := s.Ledger.Reconcile(ctx, start)
	if err != nil || reconcile == nil {
		return err
	}
	c := &reconcileChunk{reread: l, ledger: s.Ledger, reconcile: reconcile}
	err = c.run(ctx)
	return l.conclude(ctx, err, func(ctx context.Context, reason string) error {
		if runCounts := (*rule.RunCountsError)(nil); errors.As(err, &runCounts) {
			return s.Ledger.FailRun(ctx, reconcile, reason)
		}
		return s.Ledger.NoteRun(ctx, reconcile, reason)
	})
}

// reconcileChunk is the part of a recheck or a reconcile run that one job does.
type reconcileChunk struct {
	*reread
	ledger    Store
	reconcile *ledger.Run
}

func (c *reconcileChunk) run(ctx context.Context) error {
	for _, phase := range []struct {
		is ledger.ReconcilePhase
		do func(context.Context) error
	}{
		{ledger.RecheckRound, c.recheck}, {ledger.ReconcileGather, c.gather}, {ledger.ReconcileRepair, c.repair},
		{ledger.ReconcileProve, c.prove}, {ledger.ReconcileDecide, c.decideGoneTogether},
	} {
		if c.reconcile.Comparison.Phase != phase.is {
			continue
		}
		if err := phase.do(ctx); err != nil {
			return err
		}
	}
	if err := c.ledger.EndReconcile(ctx, c.reconcile, c.entry.Triggers, c.Now()); err != nil {
		return err
	}
	w := c.reconcile
	if w.Kind == ledger.Reconcile || w.Comparison.Repaired+w.Comparison.Missing > 0 {
		c.Logger.InfoContext(ctx, "read again", slog.String("what", string(w.Kind)), slog.String("scheme", w.Scheme),
			slog.Int64("run_id", w.ID),
			slog.Int("hours", w.Comparison.Hours), slog.Int("differing", w.Comparison.Differing),
			slog.Int64("bills", w.Comparison.Read), slog.Int64("repaired", w.Comparison.Repaired),
			slog.Int64("missing", w.Comparison.Missing), slog.Int64("gone", w.Comparison.Gone))
	}
	return nil
}

// gather reads light what the reconcile run's hours hold and counts it hour by hour; then the ledger's side is put
// beside it.
func (c *reconcileChunk) gather(ctx context.Context) error {
	g := gathering{hours: map[time.Time]*ledger.ReconcileHour{}}
	err := c.reader.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{
			Since: timestamppb.New(c.reconcile.Comparison.From), AfterId: c.reconcile.Cursor,
		}},
	}, func(intake.DataCentre) error { return nil }, func(page *kingdeev1.StatePage) error {
		g.add(c.reader.Entry.BillForm(), c.reconcile, page)
		leave := c.leaving()
		if g.bills < gatherBills && !leave {
			return nil
		}
		if err := c.keepGathered(ctx, &g, leave); err != nil {
			return err
		}
		if leave {
			return intake.ErrLeft
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.keepGathered(ctx, &g, false); err != nil {
		return err
	}
	if c.reconcile.Comparison.Read == 0 {
		// An empty answer is no proof of absence, unless something else is shown.
		shown, err := intake.AskForKnown(ctx, c.Store, c.reader, c.reconcile.Scheme)
		if err != nil {
			return err
		}
		if !shown {
			return c.nothingShown(ctx)
		}
	}
	return c.ledger.CompareHours(ctx, c.reconcile)
}

// keepGathered stores what was gathered since the last time.
func (c *reconcileChunk) keepGathered(ctx context.Context, g *gathering, leave bool) error {
	after := *c.reconcile
	after.Cursor, after.Comparison.Read = max(g.cursor, after.Cursor), after.Comparison.Read+g.bills
	after.Comparison.Problems = slices.Concat(after.Comparison.Problems, g.problems)
	hours := make([]ledger.ReconcileHour, 0, len(g.hours))
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
	*c.reconcile = after
	*g = gathering{hours: map[time.Time]*ledger.ReconcileHour{}}
	return nil
}

// gathering is what was counted and is not stored yet.
type gathering struct {
	hours    map[time.Time]*ledger.ReconcileHour
	problems []int64
	bills    int64
	cursor   int64
}

func (g *gathering) add(form rule.Form, w *ledger.Run, page *kingdeev1.StatePage) {
	g.cursor = page.GetLastId()
	for _, problem := range page.GetProblems() {
		if problem.GetId() > 0 {
			g.problems = append(g.problems, problem.GetId())
		}
	}
	for _, s := range page.GetStates() {
		state, ok := intake.StateOf(form, s)
		if !ok {
			g.problems = append(g.problems, s.GetId())
			continue
		}
		stamp := state.Stamp()
		if stamp.Before(w.Comparison.From) || !stamp.Before(w.Comparison.To) {
			// What lies above the watermark is the next incremental run's; before the first hour only a rounded edge
			// shows it.
			continue
		}
		hour := rule.Hour(stamp)
		h := g.hours[hour]
		if h == nil {
			h = &ledger.ReconcileHour{Hour: hour}
			g.hours[hour] = h
		}
		h.Add(state)
		h.IDs = append(h.IDs, state.ID)
		g.bills++
	}
}

// repair reads the hours again that differ: all their bills, of either side, by id.
func (c *reconcileChunk) repair(ctx context.Context) error {
	controls, err := c.Store.Controls(ctx, c.reconcile.Scheme, intake.ControlBills)
	if err != nil {
		return err
	}
	for {
		if c.leaving() {
			return intake.ErrStopping
		}
		hour, ids, found, err := c.ledger.NextHour(ctx, c.reconcile)
		if err != nil {
			return err
		}
		if !found {
			c.reconcile.Comparison.Phase, c.reconcile.Cursor = ledger.ReconcileProve, 0
			return nil
		}
		for batch := range slices.Chunk(ids, recheckBatch) {
			_, err := c.ask(ctx, batch, controls, c.keep(ctx, func(w *ledger.Run, told ledger.Told) {
				w.Cursor = told.Cursor
				w.Comparison.Reread += told.Bills
			}))
			if errors.Is(err, errNothingShown) {
				return c.nothingShown(ctx)
			}
			if err != nil {
				return err
			}
		}
		if err := c.ledger.HourRepaired(ctx, c.reconcile, hour); err != nil {
			return err
		}
	}
}

// keep makes the steps of a reconcile run: what was told is counted, and move says where it stands.
func (c *reconcileChunk) keep(ctx context.Context, move func(*ledger.Run, ledger.Told)) steps {
	var after ledger.Run
	return steps{
		save: func(tx pgx.Tx, told ledger.Told) error {
			after = *c.reconcile
			after.Comparison.Repaired += told.Changed
			after.Comparison.Missing += told.Absent
			after.Comparison.Work += told.Work
			after.Comparison.Miss(told.Late)
			after.RunCounts.Add(told.RunCounts)
			move(&after, told)
			return c.ledger.SaveReconcile(ctx, tx, &after)
		},
		done: func(ledger.Told) { *c.reconcile = after },
	}
}

// step stores that the reconcile run has moved.
func (c *reconcileChunk) step(ctx context.Context, move func(*ledger.Run)) error {
	after := *c.reconcile
	move(&after)
	if err := c.ledger.GatherHours(ctx, &after, nil, func(pgx.Tx) error { return nil }); err != nil {
		return err
	}
	*c.reconcile = after
	return nil
}
