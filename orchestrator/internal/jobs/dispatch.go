package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const (
	// batchHold is how much longer than a lease a gathered row stays with its batch, so that a batch that is at work is
	// not gathered again: 45 s with leases of 40 s.
	batchHold = 5 * time.Second
	// batchSize and gatherLimit bound one batch and one dispatch.
	batchSize   = 500
	gatherLimit = 10_000
)

// dispatchStore is what a dispatch asks of the ledger.
type dispatchStore interface {
	resultStore
	Lapsed(ctx context.Context, limit int) ([]ledger.Due, error)
	OverdueRuns(ctx context.Context, grace time.Duration) ([]string, error)
	Gather(ctx context.Context, g ledger.Gathering, insert func(pgx.Tx, []ledger.Batch) error) (int, error)
}

// dispatcher turns due rows into batches.
type dispatcher struct {
	store    dispatchStore
	registry *registry
	insert   inserter
	logger   *slog.Logger
	now      func() time.Time
	// hold is how long a gathered row stays with its batch.
	hold time.Duration
}

// run closes attempts that lost their answer, asks for incremental runs that nobody asked for in time, and gathers what
// is due.
func (d *dispatcher) run(ctx context.Context) error {
	if err := d.lapse(ctx); err != nil {
		return err
	}
	if err := d.overdue(ctx); err != nil {
		return err
	}
	mine := ledger.Gathering{Revisions: d.registry.revisions(), Limit: gatherLimit, Size: batchSize, Hold: d.hold}
	taken, err := d.store.Gather(ctx, mine, func(tx pgx.Tx, batches []ledger.Batch) error {
		for _, s := range batches {
			if err := d.insert.insertTx(ctx, tx, batchArgs{Scheme: s.Scheme, Account: s.Account, IDs: s.IDs}); err != nil {
				return err
			}
		}
		return nil
	})
	if taken > 0 {
		crashpoint.Here(crashpoint.AfterGather)
	}
	return err
}

// lapse makes "unknown" of attempts whose lease ran out without an answer: their process died, or the answer got lost.
// They are asked again like any other unknown.
func (d *dispatcher) lapse(ctx context.Context) error {
	lapsed, err := d.store.Lapsed(ctx, 1000)
	if err != nil || len(lapsed) == 0 {
		return err
	}
	d.logger.WarnContext(ctx, "attempts without an answer are unknown", slog.Int("attempts", len(lapsed)))
	results := make([]ledger.Result, 0, len(lapsed))
	for _, due := range lapsed {
		result := ledger.Result{
			ID: due.ID, Attempt: due.Attempt, Scheme: due.Scheme, Account: due.Account, BillID: due.BillID, BillNo: due.BillNo,
			Answer: rule.Answer{Disposition: rule.Unknown, Lost: true}, Detail: "no answer was stored before the lease ran out",
		}
		results = append(results, complete(d.registry, due, result, d.now()))
	}
	return d.store.StoreResults(ctx, results, refusedResult(ctx, d.logger))
}

// overdue asks for the incremental runs that nobody asked for in time.
func (d *dispatcher) overdue(ctx context.Context) error {
	schemes, err := d.store.OverdueRuns(ctx, nudgeEvery)
	if err != nil {
		return err
	}
	for _, name := range schemes {
		if _, loaded := d.registry.entries[name]; !loaded {
			continue
		}
		if err := d.insert.insertOnce(ctx, runArgs{Scheme: name}, nudgeEvery); err != nil {
			return err
		}
	}
	return nil
}
