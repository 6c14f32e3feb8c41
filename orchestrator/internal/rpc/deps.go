package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	orchestratorv1 "github.com/voidrelay/voidrelay/proto/gen/orchestrator/v1"
)

// SchemeReader reads schemes.
type SchemeReader interface {
	SchemeViews(ctx context.Context, after string, limit int) ([]ledger.SchemeView, error)
	SchemeView(ctx context.Context, scheme string) (ledger.SchemeView, error)
	// StopReason is empty for a scheme that runs; ledger.ErrNotFound for one that does not exist.
	StopReason(ctx context.Context, scheme string) (string, error)
}

// PassReader reads passes.
type PassReader interface {
	PassViews(ctx context.Context, scheme string, before int64, limit int) ([]ledger.PassView, error)
	PassView(ctx context.Context, id int64) (ledger.PassView, error)
}

// CancellationReader reads debts and what only a person can settle.
type CancellationReader interface {
	CancellationViews(ctx context.Context, f ledger.CancellationFilter, before int64, limit int) ([]ledger.CancellationView, error)
	CancellationView(ctx context.Context, id int64) (ledger.CancellationView, error)
	AttemptViews(ctx context.Context, cancellation int64) ([]ledger.AttemptView, error)
	CancellationWork(ctx context.Context, cancellation int64) ([]ledger.WorkView, error)
	WorkViews(ctx context.Context, f ledger.WorkFilter, before int64, limit int) ([]ledger.WorkView, error)
}

// BillReader reads what became of a bill.
type BillReader interface {
	BillViews(ctx context.Context, billNo, scheme string) ([]ledger.BillView, error)
}

// Reader is everything that is shown.
type Reader interface {
	SchemeReader
	PassReader
	CancellationReader
	BillReader
}

// Operator performs and records what a person does.
type Operator interface {
	// ModeSet and PassRequested answer what a call with this request id came to, if there was one.
	ModeSet(ctx context.Context, act ledger.Act, send bool) (observed int64, found bool, err error)
	SetMode(ctx context.Context, act ledger.Act, send bool) (observed int64, err error)
	Resume(ctx context.Context, act ledger.Act) error
	Release(ctx context.Context, act ledger.Act, ids []int64) (released int64, err error)
	PassRequested(ctx context.Context, act ledger.Act) (at time.Time, found bool, err error)
	RecordPassRequest(ctx context.Context, act ledger.Act) (time.Time, error)
}

// PassStarter asks for a pass and does not wait for it. Asking while one is under way adds none.
type PassStarter interface {
	StartPass(ctx context.Context, scheme string) error
}

// SendGate says whether a scheme may be set to send as it is; the error tells an operator why not, and is shown to callers.
type SendGate interface {
	CanSend(scheme string) error
}

// Deps is what the services need; all of it.
type Deps struct {
	Reader   Reader
	Operator Operator
	Starter  PassStarter
	Gate     SendGate
}

// Register adds the four services of orchestrator.v1 to a server that was made with ServerOptions.
func Register(server *grpc.Server, deps Deps) {
	orchestratorv1.RegisterSchemeServiceServer(server, &schemeService{reader: deps.Reader, operator: deps.Operator, gate: deps.Gate})
	orchestratorv1.RegisterRunServiceServer(server, &runService{schemes: deps.Reader, reader: deps.Reader, operator: deps.Operator, starter: deps.Starter})
	orchestratorv1.RegisterCancellationServiceServer(server, &cancellationService{reader: deps.Reader})
	orchestratorv1.RegisterBillServiceServer(server, &billService{reader: deps.Reader})
}
