package reconcile

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

// decideGoneTogether decides all bills that the reconcile run proved gone, together: only now is it known how many they
// are.
func (c *reconcileChunk) decideGoneTogether(ctx context.Context) error {
	if len(c.reconcile.Comparison.GoneIDs) == 0 {
		return nil
	}
	a, err := c.where(ctx)
	if err != nil {
		return err
	}
	p := intake.NewPager(c.Store, c.reader, intake.Outside(c.entry, a), c.standing, a)
	ids := slices.Sorted(slices.Values(c.reconcile.Comparison.GoneIDs))
	for batch := range slices.Chunk(ids, goneBatch) {
		if c.leaving() {
			return intake.ErrStopping
		}
		if batch[len(batch)-1] <= c.reconcile.Cursor {
			continue
		}
		for range conflicts {
			if err = c.decideSome(ctx, p, batch); !errors.Is(err, ledger.ErrConflict) {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// where asks for the books once more: what follows is decided in their zone, and not if they have become others.
func (c *reconcileChunk) where(ctx context.Context) (intake.DataCentre, error) {
	var where intake.DataCentre
	controls, err := c.Store.Controls(ctx, c.reconcile.Scheme, intake.ControlBills)
	if err != nil {
		return where, err
	}
	err = c.reader.States(ctx, &kingdeev1.StreamBillStatesRequest{
		Selection: &kingdeev1.StreamBillStatesRequest_Ids{Ids: &kingdeev1.BillIds{Ids: controls}},
	}, func(a intake.DataCentre) error {
		where = a
		return nil
	}, func(*kingdeev1.StatePage) error { return nil })
	return where, err
}

// decideSome decides some of them. One that was seen meanwhile is left out.
func (c *reconcileChunk) decideSome(ctx context.Context, p *intake.Pager, ids []int64) error {
	missing, err := c.ledger.StillMissing(ctx, c.reconcile.Scheme, ids)
	if err != nil {
		return err
	}
	still := make([]int64, len(missing))
	for i, m := range missing {
		still[i] = m.BillID
	}
	known, err := c.Store.Known(ctx, c.reconcile.Scheme, still)
	if err != nil {
		return err
	}
	if err := c.Store.AddSnapshots(ctx, c.reconcile.Scheme, known); err != nil {
		return err
	}
	newest, err := c.ledger.NewestMissing(ctx, c.reconcile.Scheme)
	if err != nil {
		return err
	}
	page := ledger.Page{}
	for _, m := range missing {
		if k := known[m.BillID]; k != nil {
			p.DecideGone(&page, *k, m.AbsentSince, c.Now(), len(c.reconcile.Comparison.GoneIDs),
				newest > 0 && m.BillID >= newest)
		}
	}
	keep := c.keep(ctx, func(w *ledger.Run, _ ledger.Told) {
		w.Cursor = ids[len(ids)-1]
		w.Comparison.Gone += int64(len(page.Bills))
	})
	var told ledger.Told
	_, err = c.Store.CommitDecided(ctx, ledger.Basis{Scheme: c.reconcile.Scheme, Revision: c.entry.Revision,
		SendSince: c.standing.SendSince, SafetyLimits: c.entry.SafetyLimits()}, page,
		func(tx pgx.Tx, committed ledger.Committed) error {
			told = ledger.Told{Work: committed.Work, RunCounts: committed.RunCounts}
			if err := c.Insert.InsertTx(ctx, tx, queue.DispatchArgs{}); err != nil {
				return err
			}
			return keep.save(tx, told)
		})
	if err == nil {
		keep.done(told)
		crashpoint.Here(crashpoint.AfterGone)
	}
	return err
}
