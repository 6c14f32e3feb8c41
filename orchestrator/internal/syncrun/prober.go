package syncrun

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/queue"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	"github.com/voidrelay/voidrelay/proto/apierr"
	kingdeev1 "github.com/voidrelay/voidrelay/proto/gen/kingdee/v1"
)

const (
	// ProbeTick is how often the ledger is asked whether a data centre is due to be asked.
	ProbeTick = time.Second
	// ProbeTimeout ends one probe: a server may take two minutes for an answer and be well.
	ProbeTimeout = 130 * time.Second
	// askedWithin is how long nobody else asks, and askingEvery how often a process that asks says so again: one that
	// dies while it asks costs no more than the former.
	askedWithin = 10 * time.Second
	askingEvery = 3 * time.Second
	// changedWithin is how soon changed settings of a refused login are noticed.
	changedWithin = 15 * time.Second
	// leastWait is the least time between two probes that follow each other at the adapter's word.
	leastWait = time.Second
)

// probePace: kingdeesvc itself decides when a login is tried. One that was refused it leaves alone for half an hour,
// then for two hours, then for six each time, unless its settings have changed, however often it is asked.
var probePace = ledger.Pace{First: intake.ProbeFirst, Longest: time.Minute}

// ProbeStore is what probes of Kingdee ask of the ledger.
type ProbeStore interface {
	TakeReadingProbes(
		ctx context.Context, dataCenters []string, pace ledger.Pace, asking time.Duration,
	) ([]ledger.ReadingProbe, error)
	ProbeLater(ctx context.Context, dataCenter string, still *ledger.Condition, wait time.Duration) error
	TellBehind(ctx context.Context) error
	EndReading(ctx context.Context, dataCenter, why string, goOn func(tx pgx.Tx, scheme string) error) error
}

// Prober asks for all schemes of a data centre whether Kingdee can be read again. One orchestrator asks, whichever it
// is; the question is a login and a query that any user may make.
type Prober struct {
	Store    ProbeStore
	Kingdee  kingdeev1.BillServiceClient
	Registry *intake.Registry
	Insert   queue.Inserter
	Logger   *slog.Logger
}

// Run tells which schemes are behind, and asks the data centres that are due. Where Kingdee answers, runs of its
// schemes go on at once.
func (p *Prober) Run(ctx context.Context) error {
	if err := p.Store.TellBehind(ctx); err != nil {
		return err
	}
	due, err := p.Store.TakeReadingProbes(ctx, p.Registry.DataCenters(), probePace, askedWithin)
	if err != nil {
		return err
	}
	for _, probe := range due {
		if err := p.ask(ctx, probe); err != nil {
			return err
		}
	}
	return nil
}

func (p *Prober) ask(ctx context.Context, probe ledger.ReadingProbe) error {
	limited, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	asking := p.keep(limited, probe.DataCenterID)
	_, asked := p.Kingdee.CheckConnection(limited, &kingdeev1.CheckConnectionRequest{})
	asking()
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if asked == nil {
		p.Logger.InfoContext(ctx, "Kingdee can be read again", slog.String("data_center", probe.DataCenterID))
		return p.Store.EndReading(ctx, probe.DataCenterID, "Kingdee answers", func(tx pgx.Tx, scheme string) error {
			return p.Insert.InsertTx(ctx, tx, queue.RunArgs{Scheme: scheme})
		})
	}
	p.Logger.DebugContext(ctx, "Kingdee cannot be read yet", slog.String("data_center", probe.DataCenterID),
		slog.String("err", intake.VendorFault(apierr.Kingdee, asked)))
	wait, still := probe.Wait, intake.TroubleOf(asked, probe.DataCenterID)
	if told := apierr.RetryAfter(asked); told > 0 {
		// The adapter was not to ask before: then is the moment.
		wait = min(max(told, leastWait), probePace.Longest)
	}
	if still != nil && still.Kind == rule.ConditionLoginRefused {
		wait = min(wait, changedWithin)
	}
	return p.Store.ProbeLater(ctx, probe.DataCenterID, still, wait)
}

// keep keeps others from asking this data centre while this process does, until the function that it answers is called.
func (p *Prober) keep(ctx context.Context, dataCenter string) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		tick := time.NewTicker(askingEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := p.Store.ProbeLater(ctx, dataCenter, nil, askedWithin); err != nil && ctx.Err() == nil {
				p.Logger.DebugContext(ctx, "another process may ask Kingdee, too", slog.Any("err", err))
			}
		}
	})
	return func() {
		cancel()
		keeping.Wait()
	}
}
