package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// TryLock is what TryLockRun does, for locks that last shorter.
func (s *Store) TryLock(ctx context.Context, name string, lasts time.Duration) (func(), bool, error) {
	return tryLock(ctx, s.pool, name, lasts, 0)
}

// BillsByNumber is what BillViews asks, for the test that looks at its plan.
const BillsByNumber = billsByNumber

// CountDecided is what a settlement asks for the safety limits, for the test that looks at its plan.
const CountDecided = countDecided

// LeaseRows, LoadRows and HolderRows are what Lease, Load and LedgerHolders ask, for the test that looks at their plans.
const (
	LeaseRows  = leaseRows
	LoadRows   = loadRows
	HolderRows = holderRows
)

// TryLockTalking is a lock whose holder says a word as often.
func (s *Store) TryLockTalking(ctx context.Context, name string, lasts, word time.Duration) (unlock func(), ok bool, err error) {
	return tryLock(ctx, s.pool, name, lasts, word)
}

// MakeViews is the part of Migrate that makes the report views, for tests with files of their own.
var MakeViews = makeViews

// OpenItems opens work items of a scheme in a transaction of its own, and answers those that it opened.
func (s *Store) OpenItems(ctx context.Context, scheme string, work ...ledger.Work) ([]ledger.Work, error) {
	return s.workIn(ctx, func(tx pgx.Tx) ([]workItem, error) { return openItems(ctx, tx, ofScheme(scheme, work)) })
}

// CloseItemsOfBills closes the work items of these bills in a transaction of its own, and answers those that it closed.
func (s *Store) CloseItemsOfBills(ctx context.Context, scheme string, bills []int64) ([]ledger.Work, error) {
	return s.workIn(ctx, func(tx pgx.Tx) ([]workItem, error) {
		return closeItems(ctx, tx, "for the test", `w.scheme = @scheme and w.bill_id = any(@bills)`,
			pgx.StrictNamedArgs{"scheme": scheme, "bills": bills})
	})
}

func (s *Store) workIn(ctx context.Context, do func(pgx.Tx) ([]workItem, error)) ([]ledger.Work, error) {
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
