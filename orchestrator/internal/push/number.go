package push

import (
	"context"
	"time"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// numberLimit bounds for how many cancellations one incremental run asks again who carries their number.
const numberLimit = 100

// NumberStore is what asking again about numbers asks of the ledger.
type NumberStore interface {
	NumberLiveDue(ctx context.Context, scheme string, limit int) ([]ledger.Due, error)
	LedgerHolders(ctx context.Context, ids []int64) (map[int64][]int64, error)
	StoreNumberRead(ctx context.Context, scheme string, verified []ledger.Verified) error
}

// Numbers asks again about cancellations that were withdrawn because a live bill carried their number. Where none does
// any longer, the run that asks reads the cancellation's own bill again, and what is owed still is owed anew.
func (v *Verifier) Numbers(ctx context.Context, r intake.Reader, store NumberStore) error {
	due, err := store.NumberLiveDue(ctx, r.Entry.Name, numberLimit)
	if err != nil || len(due) == 0 {
		return err
	}
	ids := make([]int64, len(due))
	for i, d := range due {
		ids[i] = d.ID
	}
	holders, err := store.LedgerHolders(ctx, ids)
	if err != nil {
		return err
	}
	got, err := v.readFresh(ctx, r, due, holders)
	if err != nil {
		return err
	}
	verified := verifyAll(r.Entry.Policy(time.Time{}, nil), due, holders, got)
	return store.StoreNumberRead(ctx, r.Entry.Name, verified)
}
