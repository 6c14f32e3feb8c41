package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
	"github.com/voidrelay/voidrelay/orchestrator/internal/push"
	"github.com/voidrelay/voidrelay/orchestrator/internal/query"
)

// BillsByNumber is what BillViews asks, for the test that looks at its plan.
const BillsByNumber = query.BillsByNumber

// CountDecided is what a settlement asks for the safety limits, for the test that looks at its plan.
const CountDecided = intake.CountDecided

// LeaseRows, LoadRows and HolderRows are what Lease, Load and LedgerHolders ask, for the test that looks at
// their plans.
const (
	LeaseRows  = push.LeaseRows
	LoadRows   = push.LoadRows
	HolderRows = push.HolderRows
)

// NewestIn is the statement that finds a page of the list by state.
var NewestIn = query.NewestIn

// OpenItems opens work items of a scheme in a transaction of its own, and answers those that it opened.
func (s *Store) OpenItems(ctx context.Context, scheme string, work ...ledger.Work) ([]ledger.Work, error) {
	return s.workIn(ctx, func(tx pgx.Tx) ([]ledger.WorkItem, error) {
		return ledger.OpenItems(ctx, tx, ledger.OfScheme(scheme, work))
	})
}

// CloseItemsOfBills closes the work items of these bills in a transaction of its own, and answers those that it closed.
func (s *Store) CloseItemsOfBills(ctx context.Context, scheme string, bills []int64) ([]ledger.Work, error) {
	return s.workIn(ctx, func(tx pgx.Tx) ([]ledger.WorkItem, error) {
		return ledger.CloseItems(ctx, tx, "for the test", `w.scheme = @scheme and w.bill_id = any(@bills)`,
			pgx.StrictNamedArgs{"scheme": scheme, "bills": bills})
	})
}

func (s *Store) workIn(ctx context.Context, do func(pgx.Tx) ([]ledger.WorkItem, error)) ([]ledger.Work, error) {
	var work []ledger.Work
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		items, err := do(tx)
		for _, item := range items {
			work = append(work, item.Work)
		}
		return err
	})
	return work, err
}

// SetWait bounds how long a repeated call waits for the first one.
func (r *Recorder) SetWait(wait time.Duration) { r.wait = wait }
