package push

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/voidrelay/voidrelay/orchestrator/internal/intake"
	"github.com/voidrelay/voidrelay/orchestrator/internal/ledger"
)

// GiveWay lets cancellations that keep their order from another owner of it give way, a bounded number, and answers how
// many that were: see ledger.GiveWay.
func (s *Rows) GiveWay(ctx context.Context) (int, error) {
	var gave []ledger.GaveWay
	err := ledger.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if gave, err = ledger.GiveWay(ctx, tx); err != nil {
			return err
		}
		schemes := map[string]bool{}
		for _, one := range gave {
			schemes[one.Scheme] = true
		}
		for _, scheme := range slices.Sorted(maps.Keys(schemes)) {
			if err := intake.CloseHolds(ctx, tx, scheme, "another owner of the order is sent"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("give way: %w", err)
	}
	return len(gave), nil
}
