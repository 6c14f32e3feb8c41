package syncrun

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// rereadLimit bounds how many bills one incremental run reads again by id.
const rereadLimit = 200

// chunk is the part of a baseline or an incremental run that one job does.
type chunk struct {
	*Job
	entry    intake.Entry
	standing ledger.Scheme
	// asked: by a person.
	asked   bool
	run     *ledger.Run
	account intake.DataCentre
	reader  intake.Reader
	pager   *intake.Pager
	started time.Time
	rows    int64
	// waiting is a piece that is written once the next one has come, so that the last can be written together with the
	// end of the run.
	waiting *kingdeev1.StatePage
	// carry is what pieces without news leave to the next one: their counts, and work items.
	carry ledger.Page
}

// work reads light the bills that are to be read again, and then what changed.
func (c *chunk) work(ctx context.Context) error {
	c.started = c.Now()
	if err := c.begin(ctx); err != nil {
		return err
	}
	c.reader = intake.Reader{Kingdee: c.Kingdee, Entry: c.entry, Watermark: c.standing.Watermark, Now: c.Now,
		Stopping: c.Stopping}
	if err := c.unclaimed(ctx); err != nil {
		return err
	}
	if err := c.reread(ctx); err != nil {
		return c.fault(ctx, err)
	}
	err := c.read(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{
			Since: timestamppb.New(c.run.Reading.LowerEdge), AfterId: c.run.Cursor,
		}},
	}, c.take)
	if err != nil {
		return c.fault(ctx, err)
	}
	if err := c.checkVisibility(ctx); err != nil {
		return c.fault(ctx, err)
	}
	return c.end(ctx)
}

// fault says what a read came to in the ledger's words; nil when the rest was left to a successor.
func (c *chunk) fault(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, intake.ErrLeft), errors.Is(err, intake.ErrSuspect):
		return nil
	case errors.Is(err, intake.ErrStopping):
		// The read was cut off in the middle; what is written stands, and the successor goes on behind it.
		return c.Insert.Insert(ctx, c.successor())
	}
	return intake.ReadFault(err)
}

// unclaimed looks again, at the beginning of a run, at cancellations whose order another bill claimed. What is owed
// anew of a bill that no read shows is planned at once.
func (c *chunk) unclaimed(ctx context.Context) error {
	if c.run.Cursor > 0 {
		return nil
	}
	if err := c.Store.Unclaimed(ctx, c.entry.Name, rereadLimit); err != nil {
		return err
	}
	return c.Store.TakeUpFormer(ctx, c.entry, c.standing)
}

// reread decides again, by id, bills whose row is known not to be trusted. It leaves the cursor alone.
func (c *chunk) reread(ctx context.Context) error {
	if c.run.Cursor > 0 {
		return nil
	}
	ids, err := c.Store.Reread(ctx, c.entry.Name, rereadLimit)
	if err != nil || len(ids) == 0 {
		return err
	}
	err = c.read(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: ids}},
	}, func(ctx context.Context, page *kingdeev1.StatePage) error {
		page.LastId = c.run.Cursor
		return c.take(ctx, page)
	})
	if err != nil {
		return err
	}
	if c.waiting != nil {
		if err := c.write(ctx, c.waiting); err != nil {
			return err
		}
		c.waiting = nil
	}
	// Those that were not shown, or still cannot be decoded, have had their turn.
	return c.Store.PostponeReread(ctx, c.entry.Name, ids)
}

// successor goes on where this chunk left off.
func (c *chunk) successor() queue.RunArgs { return queue.RunArgs{Scheme: c.entry.Name, Follows: true} }

func (c *chunk) read(
	ctx context.Context, request *kingdeev1.StreamBillStatesRequest,
	take func(context.Context, *kingdeev1.StatePage) error,
) error {
	return c.reader.States(ctx, request, func(a intake.DataCentre) error { return c.header(ctx, a) },
		func(page *kingdeev1.StatePage) error {
			return take(ctx, page)
		})
}

// header gets ready to decide.
func (c *chunk) header(ctx context.Context, a intake.DataCentre) error {
	c.account = a
	c.Registry.Learn(c.entry.Name, a.Environment)
	first := c.run.Reading.ServiceTime.IsZero()
	if first {
		// The first header of the run: the watermark will follow it, also when another process ends the run.
		c.run.SetClock(a.Clock)
	}
	if a.ZoneSuspect {
		c.run.Reading.ClockAhead, c.run.Reading.FreshAhead = true, true
		c.run.Note = "the login reports another zone than " + a.Zone
	}
	if c.run.Kind == ledger.Baseline && first {
		if err := c.checkMixed(ctx, c.entry, a.Environment); err != nil {
			return err
		}
	}
	c.pager = intake.NewPager(c.Store, c.reader, c.run, c.standing, a)
	c.pager.Meets = true
	return nil
}

// take cuts a light page into pieces that are decided and written one by one: a slow vendor makes progress with each.
func (c *chunk) take(ctx context.Context, page *kingdeev1.StatePage) error {
	pieces, err := c.pager.Pieces(ctx, page)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if c.waiting != nil {
			if err := c.write(ctx, c.waiting); err != nil {
				return err
			}
		}
		c.waiting = piece
	}
	return nil
}

// write stores a piece that is not the last; when the chunk's time is up, with a job that goes on from here.
func (c *chunk) write(ctx context.Context, light *kingdeev1.StatePage) error {
	page, err := c.decide(ctx, light)
	if err != nil {
		return err
	}
	leave := c.Now().Sub(c.started) > c.entry.Pace.WorkFor() || c.reader.Ending()
	if page.Empty() && c.run.ID == 0 && !leave {
		// No news so far: nothing worth a row. If we die here, the same pages are read again.
		c.carry = page
		return nil
	}
	c.carry = ledger.Page{}
	err = c.Store.CommitPage(ctx, c.run, page, func(tx pgx.Tx) error {
		if leave {
			return c.Insert.InsertTx(ctx, tx, c.successor())
		}
		return nil
	})
	if err != nil {
		return err
	}
	crashpoint.Here(crashpoint.BetweenPages)
	if page.Suspect != "" {
		return intake.ErrSuspect
	}
	if leave {
		return intake.ErrLeft
	}
	return nil
}

// decide puts what quiet pieces left before this one's own.
func (c *chunk) decide(ctx context.Context, light *kingdeev1.StatePage) (ledger.Page, error) {
	page, err := c.pager.Decide(ctx, light)
	if err != nil {
		return page, err
	}
	c.rows += light.GetRows()
	page.RunCounts.Add(c.carry.RunCounts)
	page.Work = append(c.carry.Work, page.Work...)
	page.Late = append(c.carry.Late, page.Late...)
	page.Readable = append(c.carry.Readable, page.Readable...)
	page.Suspect = cmp.Or(c.carry.Suspect, page.Suspect)
	return page, nil
}

// end stores the last piece, if there was any, and ends the run.
func (c *chunk) end(ctx context.Context) error {
	page := c.carry
	if c.waiting != nil {
		var err error
		if page, err = c.decide(ctx, c.waiting); err != nil {
			return c.fault(ctx, err)
		}
	}
	if c.run.Reading.ClockAhead && c.run.Kind == ledger.Baseline {
		// Its watermark would lie from the first day. A new baseline begins.
		note := c.run.Note
		if _, err := c.Store.OpenCondition(ctx, clockAhead(c.account.ID, note)); err != nil {
			return err
		}
		if err := c.Store.FailRun(ctx, c.run, note); err != nil {
			return err
		}
		return errors.New(note)
	}
	finish := c.finish()
	finish.RowsRead = c.rows
	if !page.Empty() {
		crashpoint.Here(crashpoint.BeforeFinish)
	}
	finished, err := c.Store.FinishRun(ctx, c.run, page, finish, func(tx pgx.Tx) error {
		return c.Insert.InsertTx(ctx, tx, queue.DispatchArgs{})
	})
	var runCounts *rule.RunCountsError
	if errors.As(err, &runCounts) {
		if failed := c.Store.FailRun(ctx, c.run, err.Error()); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	if c.run.ID != 0 {
		crashpoint.Here(crashpoint.AfterFinish)
		c.Logger.InfoContext(ctx, "run complete", slog.String("scheme", c.entry.Name), slog.Int64("run_id", c.run.ID),
			slog.String("kind", string(c.run.Kind)), slog.Int64("rows", c.rows), slog.Int64("opened", finished.Opened),
			slog.Int64("held", finished.Held), slog.Int64("dry_run", finished.DryRun),
			slog.String("reached", string(finished.Reached)))
	}
	return nil
}
