package push

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/crashpoint"
	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
)

const (
	// BatchHold is how much longer than a lease a gathered row stays with its batch, so that a batch that is at work is
	// not gathered again: 45 s with leases of 40 s.
	BatchHold = 5 * time.Second
	// batchSize and gatherLimit bound one batch and one dispatch.
	batchSize   = 500
	gatherLimit = 10_000
)

// DispatchStore is what a dispatch asks of the ledger.
type DispatchStore interface {
	resultStore
	Lapsed(ctx context.Context, limit int) ([]ledger.Due, error)
	MaySend(ctx context.Context, scheme, account string) (bool, error)
	TakeSlowProbes(ctx context.Context, revisions map[string]int) ([]queue.BatchArgs, error)
	OverdueRuns(ctx context.Context, grace time.Duration) ([]string, error)
	LongPlanned(ctx context.Context) ([]string, error)
	OpenLongPlanned(ctx context.Context, scheme string, safetyLimits rule.SafetyLimits) (ledger.Finished, error)
	GiveWay(ctx context.Context) (int, error)
	TellResting(ctx context.Context) error
	TellTexts(ctx context.Context) error
	Gather(ctx context.Context, g ledger.Gathering, insert func(pgx.Tx, []ledger.Batch) error) (int, error)
}

// Dispatcher turns due rows into batches.
type Dispatcher struct {
	Store    DispatchStore
	Registry *intake.Registry
	Insert   queue.Inserter
	Logger   *slog.Logger
	Now      func() time.Time
	// Hold is how long a gathered row stays with its batch.
	Hold time.Duration
	// Sends says whether this host reaches the WMS adapter; nil always says so. A host that does not gathers nothing:
	// the others do, and where there are none what is due stays as it is.
	Sends func() bool
	// Host is this orchestrator's name: what it cannot send it leaves to others.
	Host string
	mu   sync.Mutex
	// looked is when it was last looked what has rested too long, and gave who keeps an order from another owner.
	looked, gave time.Time
}

// Run closes attempts that lost their answer, asks for incremental runs that nobody asked for in time, lets who keeps
// an order from another owner give way, opens what a long run has planned, and gathers what is due.
func (d *Dispatcher) Run(ctx context.Context) error {
	if err := d.lapse(ctx); err != nil {
		return err
	}
	// Whoever dispatches does so for all: a scheme whose newest revision it had not heard of would wait for the next.
	if err := d.Registry.Refresh(ctx); err != nil {
		d.Logger.WarnContext(ctx, "not every scheme is at its newest revision", slog.Any("err", err))
	}
	if err := d.overdue(ctx); err != nil {
		return err
	}
	if err := d.giveWay(ctx); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	if err := d.resting(ctx); err != nil {
		return err
	}
	if d.Sends != nil && !d.Sends() {
		return nil
	}
	if err := d.slowProbes(ctx); err != nil {
		return err
	}
	mine := ledger.Gathering{
		Revisions: d.Registry.Revisions(), Fresh: d.Registry.Fresh(), Limit: gatherLimit, Size: batchSize,
		Hold: d.Hold, Host: d.Host,
	}
	until := d.Now().Add(d.Hold)
	taken, err := d.Store.Gather(ctx, mine, func(tx pgx.Tx, batches []ledger.Batch) error {
		for _, s := range batches {
			if err := d.Insert.InsertTx(ctx, tx,
				queue.BatchArgs{Scheme: s.Scheme, Account: s.Account, IDs: s.IDs, Until: until}); err != nil {
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
func (d *Dispatcher) lapse(ctx context.Context) error {
	lapsed, err := d.Store.Lapsed(ctx, 1000)
	if err != nil || len(lapsed) == 0 {
		return err
	}
	d.Logger.WarnContext(ctx, "attempts without an answer are unknown", slog.Int("attempts", len(lapsed)))
	results := make([]ledger.Result, 0, len(lapsed))
	for _, due := range lapsed {
		result := ledger.Result{
			ID: due.ID, Attempt: due.Attempt, Scheme: due.Scheme, Account: due.Account,
			BillID: due.BillID, BillNo: due.BillNo,
			Answer: rule.Answer{Disposition: rule.Unknown, Lost: true},
			Detail: "no answer was stored before the lease ran out",
		}
		judged := complete(d.Registry, due, result, d.Now())
		if judged.Next.Work == rule.WorkOutcomeUnknown {
			may, err := d.Store.MaySend(ctx, due.Scheme, due.Account)
			if err != nil {
				return err
			}
			if !may { // what blocks may be what it met
				judged = complete(d.Registry, forgiven(due), result, d.Now())
			}
		}
		results = append(results, judged)
	}
	return d.Store.StoreResults(ctx, results, refusedResult(ctx, d.Logger))
}

// giveWayEvery is how often it is looked who keeps an order from another owner, and restingEvery what has rested too
// long.
const (
	giveWayEvery = 2 * time.Second
	restingEvery = time.Minute
)

// isDue says whether it is time again for what was last done at last, and notes that it is done now.
func (d *Dispatcher) isDue(last *time.Time, every time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(*last) < every {
		return false
	}
	*last = time.Now()
	return true
}

// giveWay lets whoever keeps an order from another owner of it give way.
func (d *Dispatcher) giveWay(ctx context.Context) error {
	if !d.isDue(&d.gave, giveWayEvery) {
		return nil
	}
	gave, err := d.Store.GiveWay(ctx)
	if gave > 0 {
		d.Logger.InfoContext(ctx, "orders are cancelled for another owner", slog.Int("cancellations", gave))
	}
	return err
}

// resting keeps the list of what has rested too long up to date.
func (d *Dispatcher) resting(ctx context.Context) error {
	if !d.isDue(&d.looked, restingEvery) {
		return nil
	}
	if err := d.Store.TellTexts(ctx); err != nil {
		return err
	}
	return d.Store.TellResting(ctx)
}

// slowProbes hands out a verification for each kingdee_slow that is due to be asked about.
func (d *Dispatcher) slowProbes(ctx context.Context) error {
	probes, err := d.Store.TakeSlowProbes(ctx, d.Registry.Revisions())
	if err != nil {
		return err
	}
	for _, probe := range probes {
		if err := d.Insert.Insert(ctx, probe); err != nil {
			return err
		}
	}
	return nil
}

// overdue asks for the incremental runs that nobody asked for in time.
func (d *Dispatcher) overdue(ctx context.Context) error {
	schemes, err := d.Store.OverdueRuns(ctx, queue.NudgeEvery)
	if err != nil {
		return err
	}
	for _, name := range schemes {
		if _, loaded := d.Registry.Entry(name); !loaded {
			continue
		}
		if err := d.Insert.InsertOnce(ctx, queue.RunArgs{Scheme: name}, queue.NudgeEvery); err != nil {
			return err
		}
	}
	return nil
}

// open opens what runs have planned that take long: nothing waits for the end of its run for more than 2 minutes.
func (d *Dispatcher) open(ctx context.Context) error {
	schemes, err := d.Store.LongPlanned(ctx)
	if err != nil {
		return err
	}
	for _, name := range schemes {
		e, loaded := d.Registry.Entry(name)
		if !loaded {
			continue
		}
		opened, err := d.Store.OpenLongPlanned(ctx, name, e.SafetyLimits())
		if err != nil {
			return err
		}
		d.Logger.InfoContext(ctx, "opened before its run has ended", slog.String("scheme", name),
			slog.Int64("opened", opened.Opened), slog.Int64("held", opened.Held), slog.Int64("dry_run", opened.DryRun),
			slog.String("reached", string(opened.Reached)))
	}
	return nil
}
