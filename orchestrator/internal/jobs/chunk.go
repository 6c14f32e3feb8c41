package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// streamTimeout ends a read from kingdeesvc.
const streamTimeout = 25 * time.Second

var errIncomplete = errors.New("kingdee adapter ended the stream without its summary")

// chunk is the part of a pass that one job does.
type chunk struct {
	*passer
	entry    entry
	standing ledger.Scheme
	pass     *ledger.Pass
	account  account
	pager    *pager
	rows     int64
	// carry is what pages without news leave to the next one: their counts, and work items.
	carry ledger.Page
}

// run reads the light stream. A page is written when the one after it has come, so that the last page can be written together
// with the end of the pass.
func (c *chunk) run(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	started := c.now()
	streamCtx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	stream, err := c.kingdee.StreamBillStates(streamCtx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_ChangedSince{ChangedSince: &kingdeev1.ChangedSince{
			Since: timestamppb.New(c.pass.LowerEdge), AfterId: c.pass.Cursor,
		}},
	})
	if err != nil {
		return errors.New(vendorFault(apierr.Kingdee, err))
	}
	var waiting *kingdeev1.StatePage
	var counted kingdeev1.StreamSummary
	for {
		frame, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errIncomplete
		}
		if err != nil {
			return errors.New(vendorFault(apierr.Kingdee, err))
		}
		switch {
		case frame.GetHeader() != nil:
			if err := c.header(ctx, frame.GetHeader()); err != nil {
				return err
			}
		case c.pager == nil:
			return errors.New("kingdee adapter sent a page before its header")
		case frame.GetPage() != nil:
			if waiting != nil {
				leave := c.now().Sub(started) > workFor
				if err := c.write(ctx, waiting, leave); err != nil || leave {
					return err
				}
			}
			waiting = frame.GetPage()
			counted.Rows += waiting.GetRows()
			counted.Bills += int64(len(waiting.GetStates()))
			counted.Problems += int64(len(waiting.GetProblems()))
		case frame.GetSummary() != nil:
			s := frame.GetSummary()
			if s.GetRows() != counted.Rows || s.GetBills() != counted.Bills || s.GetProblems() != counted.Problems {
				return fmt.Errorf("kingdee adapter says it sent %d rows and %d bills; %d and %d arrived", s.GetRows(), s.GetBills(), counted.Rows, counted.Bills)
			}
			return c.end(ctx, waiting)
		}
	}
}

// header checks the first frame and gets ready to decide.
func (c *chunk) header(ctx context.Context, h *kingdeev1.StreamHeader) error {
	a, err := checkHeader(h, c.entry, c.standing.Mark, c.now())
	if err != nil {
		return err
	}
	c.account = a
	c.registry.learn(c.entry.Name, a.environment)
	if c.pass.Clock.Service.IsZero() {
		// The first header of the pass: the mark will follow it, also when another process ends the pass.
		c.pass.Clock = a.clock
	}
	if a.zoneSuspect {
		c.pass.ClockSuspect = true
		c.pass.Clock.Note = "clock_suspect: the login reports another zone than " + a.zone
	}
	if c.pass.Kind == ledger.Baseline && c.pass.ID == 0 {
		if err := c.checkMixed(ctx, c.entry, a.environment); err != nil {
			return err
		}
	}
	c.pager = &pager{
		store: c.store, kingdee: c.kingdee, entry: c.entry, pass: c.pass, policy: c.entry.Policy(c.floor()), account: a, received: a.clock.Service,
	}
	return nil
}

// write stores a page that is not the last; when leave is set, with a job that goes on from here.
func (c *chunk) write(ctx context.Context, light *kingdeev1.StatePage, leave bool) error {
	page, err := c.decide(ctx, light)
	if err != nil {
		return err
	}
	if page.Empty() && c.pass.ID == 0 && !leave {
		// No news so far: nothing worth a row. If we die here, the same pages are read again.
		c.carry = page
		return nil
	}
	c.carry = ledger.Page{}
	return c.store.CommitPage(ctx, c.pass, page, func(tx pgx.Tx) error {
		if leave {
			return c.insert.insertTx(ctx, tx, passArgs{Scheme: c.entry.Name})
		}
		return nil
	})
}

// decide puts what quiet pages left before this one's own.
func (c *chunk) decide(ctx context.Context, light *kingdeev1.StatePage) (ledger.Page, error) {
	page, err := c.pager.decide(ctx, light)
	if err != nil {
		return page, c.asVendorFault(err)
	}
	c.rows += light.GetRows()
	page.Funnel.Add(c.carry.Funnel)
	page.Work = append(c.carry.Work, page.Work...)
	page.Readable = append(c.carry.Readable, page.Readable...)
	return page, nil
}

// end stores the last page, if there was any, and ends the pass.
func (c *chunk) end(ctx context.Context, light *kingdeev1.StatePage) error {
	page := c.carry
	if light != nil {
		var err error
		if page, err = c.decide(ctx, light); err != nil {
			return err
		}
	}
	if c.pass.Kind == ledger.Baseline && c.pass.ClockSuspect {
		return errors.New(c.pass.Clock.Note)
	}
	finish := c.finish()
	finish.RowsRead = c.rows
	finished, err := c.store.FinishPass(ctx, c.pass, page, finish, func(tx pgx.Tx) error {
		return c.insert.insertTx(ctx, tx, dispatchArgs{})
	})
	var funnel *rule.FunnelError
	if errors.As(err, &funnel) {
		if failed := c.store.FailPass(ctx, c.pass, err.Error()); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	if c.pass.ID != 0 {
		c.logger.InfoContext(ctx, "pass complete", slog.String("scheme", c.entry.Name), slog.Int64("pass_id", c.pass.ID),
			slog.String("kind", string(c.pass.Kind)), slog.Int64("rows", c.rows), slog.Int64("opened", finished.Opened),
			slog.Int64("held", finished.Held), slog.Int64("observed", finished.Observed), slog.String("tripped", string(finished.Tripped)))
	}
	return nil
}

// asVendorFault says a fault of the whole read in words; faults of our own stay what they are.
func (c *chunk) asVendorFault(err error) error {
	if apierr.Info(err, apierr.Kingdee) != nil {
		return errors.New(vendorFault(apierr.Kingdee, err))
	}
	return err
}
