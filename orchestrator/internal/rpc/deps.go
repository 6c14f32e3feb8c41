package rpc

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/event"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/memory"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// SchemeReader reads schemes.
type SchemeReader interface {
	SchemeViews(ctx context.Context, after string, limit int) ([]ledger.SchemeView, error)
	SchemeView(ctx context.Context, scheme string) (ledger.SchemeView, error)
	// StopReason is empty for a scheme that runs; ledger.ErrNotFound for one that does not exist.
	StopReason(ctx context.Context, scheme string) (string, error)
	WatermarkChanges(
		ctx context.Context, scheme string, before ledger.WatermarkChangeKey, limit int,
	) ([]ledger.WatermarkChangeView, error)
}

// RunReader reads runs of every kind, and what backfills came to.
type RunReader interface {
	Runs(ctx context.Context, f ledger.RunFilter, before int64, limit int) ([]ledger.Run, error)
	Run(ctx context.Context, id int64) (ledger.Run, error)
	ItemViews(ctx context.Context, run int64, states []string, after int64, limit int) ([]ledger.ItemView, error)
}

// CancellationReader reads cancellations and what only a person can settle.
type CancellationReader interface {
	CancellationViews(
		ctx context.Context, f ledger.CancellationFilter, page ledger.CancellationPage,
	) ([]ledger.CancellationView, error)
	// CountCancellations counts up to so many.
	CountCancellations(ctx context.Context, f ledger.CancellationFilter, most int) (int64, error)
	// CommittedBefore is a time before which whatever changed has committed.
	CommittedBefore(ctx context.Context) (time.Time, error)
	CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error)
	AttemptViews(ctx context.Context, cancellation int64) ([]ledger.AttemptView, error)
	CancellationWork(ctx context.Context, cancellation int64) ([]ledger.WorkView, error)
	WorkViews(ctx context.Context, f ledger.WorkFilter, before int64, limit int) ([]ledger.WorkView, error)
	ActionViews(ctx context.Context, f ledger.ActionFilter, before int64, limit int) ([]ledger.ActionView, error)
	// CallViews are the calls that changed something under a request id, of one caller or, empty, of all.
	CallViews(ctx context.Context, requestID, caller string) ([]ledger.CallView, error)
	Readings(ctx context.Context, scheme string) ([]ledger.ReadingView, error)
}

// ConditionReader reads what stands still and why.
type ConditionReader interface {
	ConditionViews(
		ctx context.Context, f ledger.ConditionFilter, before int64, limit int,
	) ([]ledger.ConditionView, error)
}

// Host is the orchestrator that answers.
type Host interface {
	// Own answers the open conditions that stand in its memory, because the ledger may not be there to keep them.
	Own() []ledger.ConditionView
	// Keeps says whether a condition of the ledger is one of those.
	Keeps(kind rule.ConditionKind, host string) bool
}

// BillReader reads what became of a bill.
type BillReader interface {
	BillViews(ctx context.Context, billNo, scheme string) ([]ledger.BillView, error)
	BatchBillViews(ctx context.Context, billNos []string, scheme string) ([]ledger.BillView, error)
	// Readings answers how old what the ledger knows is, of one scheme or, empty, of all.
	Readings(ctx context.Context, scheme string) ([]ledger.ReadingView, error)
}

// StatusReader reads how everything stands.
type StatusReader interface {
	SchemeStatuses(ctx context.Context) ([]ledger.SchemeStatus, error)
	Unsettled(ctx context.Context) ([]ledger.UnsettledCount, error)
	Hosts(ctx context.Context) ([]ledger.HostView, error)
}

// Reader is everything that is shown.
type Reader interface {
	SchemeReader
	RunReader
	CancellationReader
	ConditionReader
	BillReader
	StatusReader
}

// Operator does and records what a person does, each act in the transaction of its call.
type Operator interface {
	SetMode(ctx context.Context, tx pgx.Tx, act ledger.Act, send bool) (dryRun int64, err error)
	// DryRunNumbers are the numbers of bills of which a cancellation was only decided in dry run.
	DryRunNumbers(ctx context.Context, tx pgx.Tx, scheme string) ([]string, error)
	Pause(ctx context.Context, tx pgx.Tx, act ledger.Act) error
	// Resume: restoredTo is the time to which Kingdee was restored from an older copy; zero for none.
	Resume(ctx context.Context, tx pgx.Tx, act ledger.Act, restoredTo time.Time) error
	// StopAll and ResumeAll concern all schemes: their act names none.
	StopAll(ctx context.Context, tx pgx.Tx, act ledger.Act) (since time.Time, inFlight int64, err error)
	ResumeAll(ctx context.Context, tx pgx.Tx, act ledger.Act) (resumed bool, err error)
	MoveWatermark(ctx context.Context, tx pgx.Tx, act ledger.Act, to time.Time) (before time.Time, err error)
	AskedForRun(ctx context.Context, tx pgx.Tx, act ledger.Act, kind ledger.RunKind) (time.Time, error)
	StartBackfill(ctx context.Context, tx pgx.Tx, act ledger.Act, order ledger.BackfillOrder) (int64, error)
	ApplyBackfill(ctx context.Context, tx pgx.Tx, act ledger.Act, id, maxCount int64) error
	CancelBackfill(ctx context.Context, tx pgx.Tx, act ledger.Act, id int64) error
	Operate(
		ctx context.Context, tx pgx.Tx, verb ledger.Verb, act ledger.Act, f ledger.CancellationFilter, b ledger.Bounds,
	) (ledger.Effect, error)
	Reclassify(
		ctx context.Context, tx pgx.Tx, act ledger.Act, choice ledger.TextChoice,
		meaning rule.Disposition, b ledger.Bounds,
		timing func(scheme string) rule.Timing,
	) (ledger.Effect, error)
	CloseWorkItems(ctx context.Context, tx pgx.Tx, act ledger.Act, ids []int64, dryRun bool) (ledger.Effect, error)
	// What stands in the ledger, as the transaction of an act sees it.
	StandingIn(ctx context.Context, tx pgx.Tx, scheme string) (ledger.Scheme, error)
	RunIn(ctx context.Context, tx pgx.Tx, id int64) (ledger.Run, error)
}

// RunStarter puts the first job of what a person asked for into the transaction that records it. Asking for a run while
// one of its kind is under way adds none.
type RunStarter interface {
	StartRun(ctx context.Context, tx pgx.Tx, scheme string, kind ledger.RunKind) error
	InsertBackfill(ctx context.Context, tx pgx.Tx, id int64) error
}

// SendGate says whether a scheme may be set to send as it stands; the error tells an operator why not, and is shown to
// callers.
type SendGate interface {
	CanSend(standing ledger.Scheme) error
}

// Deps is what the services need; all of it.
type Deps struct {
	Reader   Reader
	Host     Host
	Operator Operator
	Recorder Recorder
	Starter  RunStarter
	Gate     SendGate
	// Ledger is what revisions of schemes are read from: a pool that ledger.Open made.
	Ledger ledger.Reads
	Events *event.Reader
	// KingdeeNow asks Kingdee for a person.
	KingdeeNow KingdeeNow
	// Memory is what the host that answers remembers of the ledger; nil: nothing.
	Memory *memory.Keeper
	// Timing is how long a scheme waits for what.
	Timing func(scheme string) rule.Timing
	// Now is our clock; nil for time.Now.
	Now func() time.Time
	// WatchBeat is how long a watch says nothing, at most; 0 for 15 s.
	WatchBeat time.Duration
}

// Register adds the services of orchestrator.v1 to a server.
func Register(server grpc.ServiceRegistrar, deps Deps) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	orchestratorv1.RegisterSchemeServiceServer(server, &schemeService{
		reader: deps.Reader, operator: deps.Operator, recorder: deps.Recorder, gate: deps.Gate, starter: deps.Starter,
		ledger: deps.Ledger,
	})
	orchestratorv1.RegisterRunServiceServer(server, &runService{
		schemes: deps.Reader, reader: deps.Reader, operator: deps.Operator, recorder: deps.Recorder,
		starter: deps.Starter, now: deps.Now,
	})
	orchestratorv1.RegisterCancellationServiceServer(server, &cancellationService{
		schemes: deps.Reader, reader: deps.Reader, operator: deps.Operator,
		recorder: deps.Recorder, timing: deps.Timing,
	})
	work := &workService{schemes: deps.Reader, reader: deps.Reader, host: deps.Host}
	orchestratorv1.RegisterWorkServiceServer(server, work)
	orchestratorv1.RegisterStatusServiceServer(server, &statusService{work: work, reader: deps.Reader})
	orchestratorv1.RegisterLedgerServiceServer(server, &ledgerService{memory: deps.Memory, recorder: deps.Recorder})
	orchestratorv1.RegisterBillServiceServer(server, &billService{
		schemes: deps.Reader, reader: deps.Reader, kingdee: deps.KingdeeNow, asking: make(chan struct{}, asksAtOnce),
	})
	orchestratorv1.RegisterEventServiceServer(server, &eventService{
		schemes: deps.Reader, events: deps.Events, beat: cmp.Or(deps.WatchBeat, watchBeat),
	})
}
