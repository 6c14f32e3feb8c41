package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/rule"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// SchemeReader reads schemes.
type SchemeReader interface {
	SchemeViews(ctx context.Context, after string, limit int) ([]ledger.SchemeView, error)
	SchemeView(ctx context.Context, scheme string) (ledger.SchemeView, error)
	// StopReason is empty for a scheme that runs; ledger.ErrNotFound for one that does not exist.
	StopReason(ctx context.Context, scheme string) (string, error)
	WatermarkChanges(ctx context.Context, scheme string, before ledger.WatermarkChangeKey, limit int) ([]ledger.WatermarkChangeView, error)
}

// RunReader reads baselines and incremental runs.
type RunReader interface {
	RunViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.RunView, error)
	RunView(ctx context.Context, id int64) (ledger.RunView, error)
}

// CancellationReader reads cancellations and what only a person can settle.
type CancellationReader interface {
	CancellationViews(ctx context.Context, f ledger.CancellationFilter, before int64, limit int) ([]ledger.CancellationView, error)
	CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error)
	AttemptViews(ctx context.Context, cancellation int64) ([]ledger.AttemptView, error)
	CancellationWork(ctx context.Context, cancellation int64) ([]ledger.WorkView, error)
	WorkViews(ctx context.Context, f ledger.WorkFilter, before int64, limit int) ([]ledger.WorkView, error)
	ActionViews(ctx context.Context, f ledger.ActionFilter, before int64, limit int) ([]ledger.ActionView, error)
}

// BillReader reads what became of a bill.
type BillReader interface {
	BillViews(ctx context.Context, billNo, scheme string) ([]ledger.BillView, error)
}

// Reader is everything that is shown.
type Reader interface {
	SchemeReader
	RunReader
	CancellationReader
	BillReader
	ReconcileReader
	BackfillReader
}

// Operator performs and records what a person does.
type Operator interface {
	ReconcileOperator
	CancellationOperator
	// ModeSet and RunRequested answer what a call with this request id came to, if there was one.
	ModeSet(ctx context.Context, act ledger.Act, send bool) (dryRun int64, found bool, err error)
	SetMode(ctx context.Context, act ledger.Act, send bool) (dryRun int64, err error)
	Pause(ctx context.Context, act ledger.Act) error
	Resume(ctx context.Context, act ledger.Act) error
	// StopAll and ResumeAll concern all schemes: their act names none.
	StopAll(ctx context.Context, act ledger.Act) (since time.Time, inFlight int64, err error)
	ResumeAll(ctx context.Context, act ledger.Act) (resumed bool, err error)
	MoveWatermark(ctx context.Context, act ledger.Act, to time.Time) (before time.Time, err error)
	Release(ctx context.Context, act ledger.Act, ids []int64) (released int64, err error)
	RunRequested(ctx context.Context, act ledger.Act) (at time.Time, found bool, err error)
	RecordRunRequest(ctx context.Context, act ledger.Act) (time.Time, error)
}

// RunStarter asks for an incremental run and does not wait for it. Asking while one is under way adds none.
type RunStarter interface {
	ReconcileStarter
	StartRun(ctx context.Context, scheme string) error
}

// SendGate says whether a scheme may be set to send as it is; the error tells an operator why not, and is shown to
// callers.
type SendGate interface {
	CanSend(scheme string) error
}

// Deps is what the services need; all of it.
type Deps struct {
	Reader   Reader
	Operator Operator
	Starter  RunStarter
	// Backfills starts and steers backfills.
	Backfills BackfillOperator
	Gate      SendGate
	Preview   Previewer
	Replay    Replayer
	// Timing is how long a scheme waits for what.
	Timing func(scheme string) rule.Timing
	// Now is our clock; nil for time.Now.
	Now func() time.Time
}

// Register adds the four services of orchestrator.v1 to a server.
func Register(server grpc.ServiceRegistrar, deps Deps) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	orchestratorv1.RegisterSchemeServiceServer(server, &schemeService{reader: deps.Reader, operator: deps.Operator, gate: deps.Gate, previewer: deps.Preview, replayer: deps.Replay})
	orchestratorv1.RegisterRunServiceServer(server, &runService{
		schemes: deps.Reader, reader: deps.Reader, reconciles: deps.Reader, filled: deps.Reader, operator: deps.Operator, starter: deps.Starter, backfills: deps.Backfills, now: deps.Now,
	})
	orchestratorv1.RegisterCancellationServiceServer(server, &cancellationService{
		schemes: deps.Reader, reader: deps.Reader, operator: deps.Operator, timing: deps.Timing,
	})
	orchestratorv1.RegisterBillServiceServer(server, &billService{schemes: deps.Reader, reader: deps.Reader})
}
