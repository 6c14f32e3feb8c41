package store

import (
	"context"
	"time"
)

// TryLock is what TryLockRun does, for locks that last shorter.
func (s *Store) TryLock(ctx context.Context, name string, lasts time.Duration) (func(), bool, error) {
	return s.tryLock(ctx, name, lasts, 0)
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
	return s.tryLock(ctx, name, lasts, word)
}

// MakeViews is the part of Migrate that makes the report views, for tests with files of their own.
var MakeViews = makeViews
