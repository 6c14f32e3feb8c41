package store

import (
	"context"
	"time"
)

// TryLock is what TryLockPass does, for locks that last shorter.
func (s *Store) TryLock(ctx context.Context, name string, lasts time.Duration) (func(), bool, error) {
	return s.tryLock(ctx, name, lasts)
}

// BillsByNumber is what BillViews asks, for the test that looks at its plan.
const BillsByNumber = billsByNumber

// CountDecided is what a settlement asks for the brakes, for the test that looks at its plan.
const CountDecided = countDecided

// ClaimRows, LoadRows and HolderRows are what Claim, Load and LedgerHolders ask, for the test that looks at their plans.
const (
	ClaimRows  = claimRows
	LoadRows   = loadRows
	HolderRows = holderRows
)
