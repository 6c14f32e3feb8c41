package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// goneStore is what proving that bills are gone asks of the ledger.
type goneStore interface {
	MissingBills(ctx context.Context, scheme string, before time.Time, after int64, limit int) ([]ledger.Missing, error)
	StillMissing(ctx context.Context, scheme string, ids []int64) ([]ledger.Missing, error)
	NewestMissing(ctx context.Context, scheme string) (int64, error)
	LaterBills(ctx context.Context, scheme, org string, after int64, limit int) ([]int64, error)
}

// goneBatch is how many missing bills are asked for at a time.
const goneBatch = 100

// prove asks about bills that have been missing for as long as the scheme waits: once more by id, then Kingdee itself
// (View), and then, because a server that hides everything also says that there is nothing, and an older copy of it
// does not have what was made since, whether a bill of the same organisation can be read that was made after the
// missing one.
func (c *reconcileChunk) prove(ctx context.Context) error {
	controls, err := c.Store.Controls(ctx, c.reconcile.Scheme, intake.ControlBills)
	if err != nil {
		return err
	}
	before := c.Now().Add(-c.entry.AbsentWait())
	for {
		if c.leaving() {
			return intake.ErrStopping
		}
		missing, err := c.ledger.MissingBills(ctx, c.reconcile.Scheme, before, c.reconcile.Cursor, goneBatch)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			c.reconcile.Comparison.Phase, c.reconcile.Cursor = ledger.ReconcileDecide, 0
			return nil
		}
		ids := make([]int64, len(missing))
		for i, m := range missing {
			ids[i] = m.BillID
		}
		// Those that are shown after all are decided like any other; the cursor waits for the rest.
		shown, err := c.ask(ctx, ids, controls, c.keep(ctx, func(*ledger.Run, ledger.Told) {}))
		if errors.Is(err, errNothingShown) {
			return c.nothingShown(ctx)
		}
		if err != nil {
			return err
		}
		missing = slices.DeleteFunc(missing, func(m ledger.Missing) bool { return shown[m.BillID] })
		if err := c.proveThese(ctx, missing); err != nil {
			return err
		}
		if err := c.step(ctx, func(w *ledger.Run) { w.Cursor = ids[len(ids)-1] }); err != nil {
			return err
		}
	}
}

// proveThese asks View about each and keeps what it says, one by one.
func (c *reconcileChunk) proveThese(ctx context.Context, missing []ledger.Missing) error {
	read := controls{chunk: c, organisations: map[string]*organisation{}}
	for _, m := range missing {
		if c.leaving() {
			return intake.ErrStopping
		}
		gone, hidden, err := c.view(ctx, m)
		if err != nil {
			return err
		}
		if gone {
			if gone, hidden, err = read.confirm(ctx, m); err != nil {
				return err
			}
		}
		if err := c.step(ctx, func(w *ledger.Run) {
			w.Cursor = m.BillID
			if gone && !slices.Contains(w.Comparison.GoneIDs, m.BillID) {
				w.Comparison.GoneIDs = append(slices.Clone(w.Comparison.GoneIDs), m.BillID)
			}
			if hidden && !slices.Contains(w.Comparison.SuspectOrgs, m.Org) {
				w.Comparison.SuspectOrgs = append(slices.Clone(w.Comparison.SuspectOrgs), m.Org)
			}
		}); err != nil {
			return err
		}
		if gone {
			crashpoint.Here(crashpoint.AfterProof)
		}
	}
	return nil
}

// view asks Kingdee itself about one bill. gone: it says that there is no such bill; hidden: that there is one, which
// this user may not see. Neither: nothing can be said now.
func (c *reconcileChunk) view(ctx context.Context, m ledger.Missing) (gone, hidden bool, err error) {
	err = c.get(ctx, m.BillID)
	switch {
	case err == nil:
		return false, false, nil
	case apierr.HasReason(err, apierr.Kingdee, kingdeev1.ErrorReason_ERROR_REASON_BILL_NOT_FOUND):
		return true, false, nil
	case status.Code(err) == codes.PermissionDenied:
		return false, true, nil
	case cannotAsk(ctx, err):
		return false, false, err
	}
	c.Logger.WarnContext(ctx, "missing bill could not be asked for", slog.String("scheme", c.reconcile.Scheme),
		slog.String("bill_no", m.BillNo),
		slog.String("err", intake.VendorFault(apierr.Kingdee, err)))
	return false, false, nil
}

// cannotAsk says that an error of a question about one bill is about the next one as well.
func cannotAsk(ctx context.Context, err error) bool {
	return status.Code(err) == codes.Unavailable || status.Code(err) == codes.DeadlineExceeded || ctx.Err() != nil ||
		intake.TroubleOf(err, "") != nil
}

func (c *reconcileChunk) get(ctx context.Context, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, c.reader.Entry.Pace.Patience())
	defer cancel()
	_, err := c.Kingdee.GetBill(ctx, c.reader.Entry.Ask(id))
	return err
}

// nothingCompared is what the record of such a reconcile run says, to staff.
const nothingCompared = "金蝶未显示账本已知的任何单据，此次什么也没有核对 " +
	"Kingdee showed none of the bills that the ledger knows: nothing was compared"

// nothingShown ends a reconcile run that cannot go on: nothing is known of any bill while none is shown.
func (c *reconcileChunk) nothingShown(ctx context.Context) error {
	shown, err := intake.AskForKnown(ctx, c.Store, c.reader, c.reconcile.Scheme)
	if err != nil {
		return err
	}
	if shown {
		return fmt.Errorf("%w, and then it does", errNothingShown)
	}
	c.reconcile.Comparison.Phase, c.reconcile.Note = ledger.ReconcileDone, nothingCompared
	c.reconcile.Comparison.Work++
	return nil
}
